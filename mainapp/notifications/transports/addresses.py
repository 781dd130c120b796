"""Which hosts may be contacted: public ones only, whatever a name resolves to.

A name is resolved once, every answer is checked, and the caller connects to the address that was
checked: what the name says a moment later plays no part.
"""

import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from ipaddress import IPv6Network, ip_address, ip_network
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports.base import TransportError

RESOLVE_S = 5.0
HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?")
RELAY_4 = ip_network("192.88.99.0/24")
GLOBAL_6 = IPv6Network("2000::/3")
# 6to4 and Teredo lead to IPv4 addresses of the sender's choice; the rest is for documents.
CLOSED_6 = [IPv6Network(net) for net in ("2002::/16", "2001::/23", "3fff::/20", "2001:db8::/32")]

# A resolver that hangs keeps these threads, not those that deliver.
_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")

MayContact = Callable[[str], bool]


def is_public(address: str) -> bool:
    """Tell whether an address (without a scope) is one of the open Internet."""
    try:
        ip: Any = ip_address(address)
    except ValueError:
        return False
    if ip.version == 6:
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip not in GLOBAL_6 or any(ip in net for net in CLOSED_6):
            return False
    elif ip in RELAY_4:
        return False
    return bool(ip.is_global and not ip.is_multicast and not ip.is_reserved)


def check_host(host: str) -> str:
    """Return a host's name or address as it is kept. Raises: TransportError. Contacts nobody."""
    if ":" in host:
        literal = host
    elif HOST.fullmatch(host):
        literal = _as_number(host.rstrip("."))
    else:
        raise TransportError(_("isto não é o nome de um servidor"), permanent=True)
    if literal and not is_public(literal):
        raise TransportError(_("este endereço não é público"), permanent=True)
    return host.lower().rstrip(".")


def public_address(host: str, port: int, may_contact: MayContact = is_public) -> str:
    """Resolve a host once; return an address when all of them may be contacted.

    Raises: TransportError, permanent for a host that leads where nobody may.
    """
    asked = _resolvers.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        answers = asked.result(timeout=RESOLVE_S)
    except (OSError, UnicodeError, Late) as error:
        raise TransportError(_("o nome do servidor não foi encontrado")) from error
    addresses = [str(answer[4][0]) for answer in answers]
    if not addresses or not all(may_contact(address) for address in addresses):
        raise TransportError(_("este endereço não é público"), permanent=True)
    return addresses[0]


def _as_number(host: str) -> str:
    """Return the address that `2130706433`, `0x7f.1` or `0177.0.0.1` stand for, else nothing."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return ""
