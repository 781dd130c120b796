"""ALLOWED_PRIVATE_TARGETS: servers in the site's own network to which users may send messages.

    nas.local  nas.local:8123  10.0.0.0/24  192.168.1.7:8080  fd00::7  [fd00::/64]:443

A network covers private addresses only. Loopback, link-local (cloud metadata) and other special
addresses must be listed one by one. The ports of the site's own database and Redis must be listed
explicitly.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

FORMS = (
    "takes host names, IP addresses or networks, each with a port or without "
    "(nas.local:8123, 10.0.0.0/24, [fd00::7]:80)"
)
NOT_PRIVATE = (
    "covers private networks only (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7): name other "
    "addresses one by one"
)
PRIVATE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# Metadata services of clouds (AWS, Alibaba) inside the private ranges.
METADATA: tuple[Address, ...] = (ip_address("fd00:ec2::254"), ip_address("100.100.100.200"))
_NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*\.?", re.A | re.I)
_NUMERIC = re.compile(r"(^|\.)(0x[0-9a-f]*|[0-9]+)\.?\Z", re.A | re.I)  # no top-level domain is
_PORT = re.compile(r"[0-9]{1,5}", re.A)


@dataclass(frozen=True, slots=True)
class PrivateTarget:
    """A host name or a network (which may be a single address), on one port or on any (None)."""

    name: str = ""
    network: Network | None = None
    port: int | None = None

    def covers(self, address: Address, *, host: str, port: int) -> bool:
        """Return whether a request to `host`, which has this address, may go to this port."""
        if self.port not in (None, port):
            return False
        if self.network is None:
            is_local = self.name == "localhost" and address.is_loopback
            return self.name == host and (is_local or _is_private(address))
        if address not in self.network:
            return False
        return self.network.num_addresses == 1 or _is_private(address)


@dataclass(frozen=True, slots=True)
class PrivateTargets:
    """All items of the setting; `own_ports` are those of the site's database and Redis."""

    items: tuple[PrivateTarget, ...] = ()
    own_ports: frozenset[int] = frozenset()

    def cover(self, address: str, *, host: str, port: int) -> bool:
        """Return whether an IP address, which `host` resolves to, may be contacted."""
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, IPv6Address):
            if ip.scope_id:
                return False
            ip = ip.ipv4_mapped or ip
        return any(
            target.covers(ip, host=_plain_name(host), port=port) for target in self._on(port)
        )

    def may_cover(self, host: str, *, port: int) -> bool:
        """Return whether addresses of a host name could be covered, without resolving it."""
        name = _plain_name(host)
        return any(target.network or target.name == name for target in self._on(port))

    def _on(self, port: int) -> list[PrivateTarget]:
        needs_port = port in self.own_ports
        return [
            target
            for target in self.items
            if target.port == port or (target.port is None and not needs_port)
        ]


def parse_private_target(text: str) -> PrivateTarget:
    """Parse one item. Raises: ValueError with the accepted forms."""
    host, port = _split_port(text)
    try:
        network = ip_network(host)
    except ValueError:
        # "300.1.1.1", "10.0.0.1/8" and "10.0.0.1-10.0.0.9" would otherwise be names.
        if not _NAME.fullmatch(host) or _NUMERIC.search(host):
            raise ValueError(FORMS) from None
        return PrivateTarget(name=_plain_name(host), port=port)
    return PrivateTarget(network=_coverable(network), port=port)


def parse_private_targets(items: Iterable[str], *, own_ports: Iterable[int] = ()) -> PrivateTargets:
    """Parse the items of ALLOWED_PRIVATE_TARGETS. Raises: ValueError."""
    return PrivateTargets(tuple(map(parse_private_target, items)), frozenset(own_ports))


def _coverable(network: Network) -> Network:
    """Return the network, an IPv4-mapped address as IPv4. Raises: ValueError if it covers none."""
    if isinstance(network, IPv6Network) and network.num_addresses == 1:
        address = network.network_address
        if address.scope_id:
            raise ValueError(FORMS)
        return ip_network(address.ipv4_mapped) if address.ipv4_mapped else network
    if network.num_addresses > 1 and not any(
        network.version == private.version and network.overlaps(private) for private in PRIVATE
    ):
        raise ValueError(NOT_PRIVATE)
    return network


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, tail = text[1:].partition("]")
        if not bracket or ":" not in host or (tail and not tail.startswith(":")):
            raise ValueError(FORMS)
        port = tail[1:] if tail else None
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:  # an IPv6 address without brackets has no port
        host, port = text, None
    if port is None:
        return host, None
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535:
        raise ValueError(FORMS)
    return host, int(port)


def _plain_name(host: str) -> str:
    return host.rstrip(".").lower()


def _is_private(address: Address) -> bool:
    return address not in METADATA and any(address in network for network in PRIVATE)
