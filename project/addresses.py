"""The syntax of hosts, origins and URLs in settings."""

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([\w-]{0,61}\w)?(\.[A-Za-z0-9_]([\w-]{0,61}\w)?)*\.?", re.A
)


def is_wildcard(host: str) -> bool:
    """Return whether a host is every address of its machine, in any spelling."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return bool(re.fullmatch(r"(0x0+|0+)(\.(0x0+|0+)){0,3}", host))


def unbracketed(host: str) -> str:
    """Return an IPv6 address without the brackets that URLs need; other hosts unchanged."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def is_host(text: str) -> bool:
    """Return whether a text is a host name or an IP address, without port and brackets."""
    if re.fullmatch(r"[0-9.]+", text, re.A) or ":" in text:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return False
        return True
    return bool(_HOST_NAME.fullmatch(text))


def without_default_port(origin: str) -> str:
    """Return an origin as browsers write it: they leave out the port of the scheme."""
    parts = urlsplit(origin)
    is_default = parts.port == _DEFAULT_PORTS[parts.scheme]
    return origin.rpartition(":")[0] if is_default else origin


def is_url(
    text: str, *, may_have_user: bool = False, schemes: Collection[str] = ("http", "https")
) -> bool:
    """Return whether a text is a URL of one of the schemes, without a query."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in schemes
        and is_host(parts.hostname or "")
        and port != 0
        and not parts.netloc.endswith(":")
        and not re.search(r"[\s?#\\]", text)
        and (may_have_user or "@" not in parts.netloc)
    )
