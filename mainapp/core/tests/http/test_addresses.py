import socket
from threading import Event
from time import monotonic

import pytest

from mainapp.core.http.addresses import (
    AddressError,
    AddressPolicy,
    check_target,
    check_url,
    is_public,
    resolve,
)
from mainapp.core.private_targets import parse_private_targets
from mainapp.core.tests.http.network import PUBLIC

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1",  # noqa: S104 - refused, never bound
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
    "192.88.99.1", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "fe80::1", "fd00::1", "fec0::1",
    "fd00:ec2::254", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "fe80::1%eth0", "nonsense", "",
    "2606:4700::1111%eth0",
]  # fmt: skip
FORBIDDEN_URLS = [
    "https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://127.1/", "https://0x7f.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://10.0.0.1/", "https://169.254.169.254/latest/",
    "https://0/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
    "https://user@hook.example/", "https://hook.example@127.0.0.1/",
    "https://hook.example:pw@x/", "https://hook.example\\@127.0.0.1/", "https:///x",
    "https://hook.example:22/", "https://hook.example:8443/", "https://hook.example:80/", "https://hook.example:0/",
    "https://hook.example:99999/", "https://hook.example#x", "http://hook.example/",
    "ftp://hook.example/", "file:///etc/passwd", "gopher://hook.example/", "//hook.example/",
    "hook.example", "", "https://hook.example/a b", "https://hook.example/\n", "https://hóok.example/",
    "https://hook.example/" + "a" * 500, "https://127.0.0.1./", "https://[::1%25eth0]/",
    "https://①②⑦.⓪.⓪.①/", "https://-x.example/", "https://_.example/", "https://.example/",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_special_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2001:4860:4860::8888", "2606:4700::1111"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_url_to_an_internal_address_is_refused(url, connections):
    with pytest.raises(AddressError):
        check_url(url, AddressPolicy())
    assert connections == []


@pytest.mark.parametrize(
    "url", ["https://hook.example/a?b=c", "https://hook.example:443/", "https://8.8.8.8/"]
)
def test_public_url_is_accepted(url):
    assert check_url(url, AddressPolicy()).geturl() == url


def private(*items):
    return AddressPolicy(targets=parse_private_targets(items))


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_targets_open_no_other_internal_address(url):
    with pytest.raises(AddressError):
        check_url(url, private("192.168.1.0/24:8123", "nas.local", "[fd00::/64]:8080"))


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.7:8123/api/webhook/x", "https://192.168.1.7:8123/", "http://nas.local/",
        "https://nas.local:8443/", "http://[fd00::7]/", "http://3232235783:8123/",
        "https://hook.example/",
    ],
)  # fmt: skip
def test_targets_are_accepted_over_http_and_on_their_ports(url, names):
    names["nas.local"], names["hook.example"] = [["10.0.0.5"]], [[PUBLIC]]

    check_target(url, private("192.168.1.0/24:8123", "nas.local", "[fd00::/64]:80"), timeout=5)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://evil.example:8123/", PUBLIC), ("http://evil.example:8123/", "10.0.0.5"),
        ("http://evil.example/", "192.168.1.7"), ("https://evil.example/", "127.0.0.1"),
        ("http://nas.local/", PUBLIC), ("http://nas.local/", "169.254.169.254"),
        ("https://nas.local/", "127.0.0.1"),
    ],
)  # fmt: skip
def test_name_is_refused_by_its_address_as_soon_as_it_is_entered(url, address, names):
    names["evil.example"] = names["nas.local"] = [[address]]
    with pytest.raises(AddressError):
        check_target(url, private("192.168.1.0/24:8123", "nas.local"), timeout=5)


def test_unresolved_name_passes_until_its_delivery():
    check_target("https://nowhere.invalid/", AddressPolicy(), timeout=5)


def test_hanging_resolver_times_out(monkeypatch):
    released = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(10) and [])
    started = monotonic()
    with pytest.raises(TimeoutError):
        resolve("hook.example", 443, timeout=0.1)
    released.set()

    assert monotonic() - started < 1
