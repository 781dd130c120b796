"""Who may use the API's index, and how requests are counted and told apart."""

import hashlib
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from mainapp.core.policies import EVERYONE

WINDOW_S = 60
KEEP_KEYS = timedelta(hours=24)
MAX_KEY = 255
PAGE_SIZE, MAX_PAGE_SIZE = 50, 200


def network_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network(f"{parsed}/64", strict=False).network_address)
    return address


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return what tells one request from another."""
    head = f"{method} {path}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


OPERATIONS = {
    "api-index": {"get": EVERYONE},
}
