import pytest

from mainapp.core.addresses import (
    client_address,
    is_loopback,
    is_trusted_proxy,
    network_of,
    socket_address,
)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::1", "::"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_network_is_an_ipv4_address_or_the_64_of_an_ipv6_one(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("proxies", "is_trusted"),
    [
        ([], False),
        (["10.0.0.2"], True),
        (["10.0.0.0/30"], True),
        (["10.0.0.3"], False),
        (["*"], True),
    ],
)
def test_trusted_proxy_is_an_address_or_network_of_the_setting(proxies, is_trusted, settings):
    settings.TRUSTED_PROXIES = proxies

    assert is_trusted_proxy("10.0.0.2") is is_trusted


def test_addresses_come_from_the_server_not_from_headers(rf):
    headers = {"x-forwarded-for": "203.0.113.7", "forwarded": "for=203.0.113.7"}

    assert client_address(rf.get("/", headers=headers, REMOTE_ADDR="192.0.2.1")) == "192.0.2.1"
    assert client_address(rf.get("/", REMOTE_ADDR="")) == ""
    assert socket_address({"client": ["192.0.2.1", 4711]}) == "192.0.2.1"
    assert socket_address({"client": None}) == socket_address({}) == ""


def test_loopback_addresses_are_recognised():
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("192.0.2.1")
    assert not is_loopback("")
