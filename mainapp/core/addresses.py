"""Network addresses of clients. No other module reads REMOTE_ADDR or a scope's `client`.

The server has already replaced the address of a proxy in TRUSTED_PROXIES by the one that it
forwards (uvicorn's `forwarded_allow_ips`); no header is read here.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

IPV6_CLIENT_BITS = 64


def client_address(request: HttpRequest) -> str:
    """Return the client's address, empty behind a unix socket without a trusted proxy."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return address


def socket_address(scope: Mapping[str, Any]) -> str:
    """Return the address of a WebSocket's client; the counterpart of `client_address`."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def network_of(address: str) -> str:
    """Return the network that limits count as one client: an IPv4 address, or an IPv6 /64.

    Providers assign each customer at least a /64. IPv4 clients of a server that listens on `::`
    appear as ::ffff:203.0.113.7; they count by their IPv4 addresses.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    host_bits = 128 - IPV6_CLIENT_BITS
    return str(IPv6Address(int(parsed) >> host_bits << host_bits))


def masked_address(address: str) -> str:
    """Return the address without the part that identifies one machine: a /24, or an IPv6 /48.

    "0.0.0.0" for a client without an address.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - stored, never bound
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    host = mapped or parsed
    prefix = 24 if host.version == 4 else 48
    return str(ip_network(f"{host}/{prefix}", strict=False).network_address)


def is_address(host: str) -> bool:
    """Return whether a host is an IP address, without brackets, and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_trusted_proxy(address: str) -> bool:
    """Return whether an address is that of a proxy, whose connections belong to many clients."""
    return _is_in(address, tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=1024)
def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    parsed = ip_address(address.partition("%")[0])
    return any(network == "*" or parsed in ip_network(network) for network in networks)
