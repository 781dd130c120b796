"""Vetting of URLs that users enter: public hosts, and those of ALLOWED_PRIVATE_TARGETS.

A name is resolved once, all its addresses are checked, and the connection goes to one of them. It
is never resolved a second time, when it could have a private address (DNS rebinding).
"""

import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext_noop as _

from mainapp.core.private_targets import PrivateTargets

NOT_PUBLIC = _(
    "não é um endereço público, e o operador do site não o liberou (ALLOWED_PRIVATE_TARGETS)"
)
RESOLVE_TIMEOUT_S = 5.0
MAX_URL_LENGTH = 500  # the size of the columns that store URLs
PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?")
RELAY_4 = ip_network("192.88.99.0/24")
GLOBAL_6 = IPv6Network("2000::/3")
# 6to4 and Teredo addresses contain an IPv4 address of the user's choice; the others are for
# documentation.
CLOSED_6 = [IPv6Network(net) for net in ("2002::/16", "2001::/23", "3fff::/20", "2001:db8::/32")]

# getaddrinfo has no timeout of its own: a hanging resolver may hold this many threads, no more.
_resolver_slots = BoundedSemaphore(32)


class AddressError(Exception):
    """An address that must not be contacted; the text is a translatable sentence for the user."""


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the open Internet.

    Loopback, private, link-local (cloud metadata), shared (CGNAT), multicast, documentation and
    NAT64 ranges do not, neither does an IPv4-mapped address of one of them or one with a scope.
    """
    try:
        ip: Any = ip_address(address)
    except ValueError:
        return False
    if ip.version == 6:
        if ip.scope_id:
            return False
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip not in GLOBAL_6 or any(ip in net for net in CLOSED_6):
            return False
    elif ip in RELAY_4:
        return False
    return bool(ip.is_global and not ip.is_multicast and not ip.is_reserved)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Limits on requests to a user's URL. Only tests pass `is_allowed`.

    `schemes` and `ports` apply to public hosts; `targets` are exceptions, which may use http too.
    """

    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] = frozenset(PORTS.values())
    is_allowed: Callable[[str], bool] = is_public
    targets: PrivateTargets = field(default_factory=PrivateTargets)


def check_url(url: str, policy: AddressPolicy) -> SplitResult:
    """Check a user's URL without any network access and return its parts. Raises: AddressError.

    A host name's addresses have to be checked by `check_resolved` as well.
    """
    parts, host, port = _parse(url)
    literal = _literal_address(host)
    if literal and policy.targets.cover(literal, host=host, port=port):
        return parts
    if literal and not policy.is_allowed(literal):
        raise AddressError(NOT_PUBLIC)
    if literal or not policy.targets.may_cover(host, port=port):
        _check_public(parts, policy)
    return parts


def check_resolved(addresses: list[str], parts: SplitResult, policy: AddressPolicy) -> None:
    """Check all addresses of a URL that passed `check_url`. Raises: AddressError if any fails."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    others = [
        address for address in addresses if not policy.targets.cover(address, host=host, port=port)
    ]
    if not addresses or not all(policy.is_allowed(address) for address in others):
        raise AddressError(NOT_PUBLIC)
    if others:
        _check_public(parts, policy)


def check_target(url: str, policy: AddressPolicy, *, timeout: float) -> None:
    """Check a user's URL and the current addresses of its host; a name without any passes.

    Raises: AddressError.
    """
    parts = check_url(url, policy)
    with suppress(OSError):
        addresses = resolve(parts.hostname or "", parts.port or 0, timeout=timeout)
        check_resolved(addresses, parts, policy)


def resolve(host: str, port: int, *, timeout: float) -> list[str]:
    """Return the IP addresses of a host, in the resolver's order.

    Raises: OSError for an unknown name, TimeoutError after `timeout` seconds.
    """
    if _is_ip_address(host):
        return [host]
    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(row[4][0]) for row in rows])
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))
        finally:
            _resolver_slots.release()

    deadline = monotonic() + timeout
    if not _resolver_slots.acquire(timeout=max(timeout, 0)):
        raise TimeoutError("the resolver is busy")
    Thread(target=look_up, daemon=True, name="resolve").start()
    try:
        answer = answers.get(timeout=max(deadline - monotonic(), 0))
    except Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _parse(url: str) -> tuple[SplitResult, str, int]:
    """Return a URL's parts, host and port. Raises: AddressError."""
    if len(url) > MAX_URL_LENGTH or not all("!" <= character <= "~" for character in url):
        raise AddressError(_("isto não é um endereço"))
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise AddressError(_("isto não é um endereço")) from None
    if parts.scheme not in PORTS or not host or parts.fragment:
        raise AddressError(_("o endereço precisa começar com https://"))
    if "@" in parts.netloc or "\\" in url:
        raise AddressError(_("nome ou senha no endereço não são aceitos"))
    if port == 0:
        raise AddressError(_("esta porta não é aceita"))
    return parts, host, port or PORTS[parts.scheme]


def _check_public(parts: SplitResult, policy: AddressPolicy) -> None:
    """Check scheme and port of a URL to a public host. Raises: AddressError."""
    if parts.scheme not in policy.schemes:
        raise AddressError(_("o endereço precisa começar com https://"))
    port, own_port = parts.port or PORTS[parts.scheme], PORTS[parts.scheme]
    # https on port 80 is no server's: only probing tries it.
    if port not in policy.ports or (port in PORTS.values() and port != own_port):
        raise AddressError(_("esta porta não é aceita"))


def _literal_address(host: str) -> str:
    """Return a URL's host if it is an IP address, "" if it is a name. Raises: AddressError."""
    if ":" in host:
        return host
    if not HOST.fullmatch(host):
        raise AddressError(_("isto não é o nome de um servidor"))
    return _number_address(host.rstrip("."))


def _number_address(host: str) -> str:
    """Return the IPv4 address written as `2130706433`, `0x7f.1` or `0177.0.0.1`; else ""."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return ""


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
