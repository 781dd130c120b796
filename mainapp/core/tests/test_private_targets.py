import pytest

from mainapp.core.private_targets import parse_private_target, parse_private_targets

ACCEPTED = [
    "nas.local", "NAS.local.", "nas", "nas.local:8123", "10.0.0.7", "10.0.0.7:80", "10.0.0.0/8",
    "10.0.0.0/8:8080", "fd00::7", "[fd00::7]", "[fd00::7]:80", "fd00::/64", "[fd00::/64]:443",
    "localhost", "127.0.0.1:8123", "::1",
]  # fmt: skip
REFUSED = [
    "", "*", "http://nas.local", "nas.local/", "nas.local:0", "nas.local:65536", "nas.local:x",
    "nas.local:", "10.0.0.1/8", "10.0.0.0/33", "300.1.1.1", "10.0.0", "[10.0.0.1]:80", "[fd00::7",
    "[fd00::7]80", "fd00::zz", "nas local", "-nas", "nas..local", "ná.local", "user@nas",
    "10.0.0.1-10.0.0.9", "0x7f000001", "nas.1", "fe80::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("text", ACCEPTED)
def test_hosts_addresses_and_networks_are_accepted(text):
    parse_private_target(text)


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="takes host names"):
        parse_private_target(text)


@pytest.mark.parametrize("text", ["169.254.0.0/16", "127.0.0.0/8", "8.8.8.0/24:80", "fe80::/10"])
def test_a_network_without_private_addresses_is_refused(text):
    with pytest.raises(ValueError, match="covers private networks only"):
        parse_private_target(text)


@pytest.mark.parametrize(
    ("items", "address", "host", "port", "is_covered"),
    [
        (["192.168.1.0/24"], "192.168.1.7", "192.168.1.7", 8123, True),
        (["192.168.1.0/24"], "192.168.2.7", "192.168.2.7", 8123, False),
        (["192.168.1.0/24:8123"], "192.168.1.7", "nas", 8123, True),
        (["192.168.1.0/24:8123"], "192.168.1.7", "nas", 80, False),
        (["192.168.1.0/24"], "::ffff:192.168.1.7", "nas", 80, True),
        (["::ffff:10.0.0.5"], "10.0.0.5", "nas", 80, True),
        (["nas.local"], "10.0.0.5", "NAS.local.", 8123, True),
        (["nas.local"], "10.0.0.5", "other.local", 8123, False),
        (["nas.local:8123"], "10.0.0.5", "nas.local", 80, False),
        (["fd00::/64"], "fd00::7", "nas", 80, True),
        (["fd00::/64"], "fd00:1::7", "nas", 80, False),
        (["fd00::/64"], "fd00::7%eth0", "nas", 80, False),
        # A name or a network never opens special addresses: loopback, metadata, multicast, …
        (["0.0.0.0/0", "::/0"], "127.0.0.1", "127.0.0.1", 80, False),
        (["0.0.0.0/0", "::/0"], "169.254.169.254", "x", 80, False),
        (["0.0.0.0/0", "::/0"], "100.100.100.200", "x", 80, False),
        (["0.0.0.0/0", "::/0"], "fd00:ec2::254", "x", 80, False),
        (["0.0.0.0/0", "::/0"], "::1", "x", 80, False),
        (["0.0.0.0/0", "::/0"], "0.0.0.0", "x", 80, False),  # noqa: S104 - never bound
        (["0.0.0.0/0", "::/0"], "64:ff9b::7f00:1", "x", 80, False),
        (["nas.local"], "127.0.0.1", "nas.local", 80, False),
        (["nas.local"], "169.254.169.254", "nas.local", 80, False),
        # Named exactly they are open.
        (["127.0.0.1"], "127.0.0.1", "localhost", 8123, True),
        (["127.0.0.1"], "127.0.0.2", "x", 8123, False),
        (["localhost:8123"], "127.0.0.1", "localhost", 8123, True),
        (["169.254.169.254"], "169.254.169.254", "x", 80, True),
        # The ports of the site's own stores, only where the port is named.
        (["10.0.0.0/8"], "10.0.0.5", "10.0.0.5", 6379, False),
        (["10.0.0.5"], "10.0.0.5", "10.0.0.5", 6379, False),
        (["10.0.0.5:6379"], "10.0.0.5", "10.0.0.5", 6379, True),
        ([], "10.0.0.5", "10.0.0.5", 80, False),
        (["10.0.0.0/8"], "nonsense", "nonsense", 80, False),
    ],
)
def test_targets_cover_private_addresses_and_what_is_named_exactly(
    items, address, host, port, is_covered
):
    targets = parse_private_targets(items, own_ports={6379})

    assert targets.cover(address, host=host, port=port) is is_covered
