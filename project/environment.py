"""The only reader of environment variables, for settings, launcher, servers and commands.

An empty value counts as unset. Values are checked by kind; the first invalid one ends the process
with one line that names the variable. Nothing is interpolated: `$x` stays `$x`.
"""

import ipaddress
import math
import os
import re
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mainapp.core.logs.formats import program_line
from mainapp.core.private_targets import parse_private_target
from mainapp.core.redis_address import parse_redis_url
from project.addresses import is_host, is_url, is_wildcard, unbracketed, without_default_port
from project.database_url import parse_database_url

BASE_DIR = Path(__file__).resolve().parent.parent
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Python decodes each byte of the environment that is not UTF-8 as one of these.
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.A | re.I)
# A name may contain characters that separate addresses only in quotes: sending failed with the
# sender `Club, B3 <a@b>`.
_LOCAL_PART = r"[^\s()<>\[\]:;@\\,\"]+"
_SENDER_NAME = r"(?:[^()<>\[\]:;@\\,\"]*|\"[^\"\\]*\"\s*)"
_SENDER = re.compile(
    rf"{_SENDER_NAME}<{_LOCAL_PART}@(?P<domain>[^\s<>@]+)>|{_LOCAL_PART}@(?P<bare_domain>[^\s<>@]+)"
)
MIN_KEY = 16


class Refusal(SystemExit):
    """A refusal to start, with one line that explains the reason and the remedy.

    It is a SystemExit, so that Python prints it without a traceback and exits with code 1, whether
    manage.py, Celery, uvicorn or the launcher loaded the settings.
    """

    def __init__(self, reason: str) -> None:
        line = f"pregao: {' '.join(reason.split())}"
        super().__init__(program_line("CRITICAL", "project", line) if logs_json() else line)


def logs_json() -> bool:
    """Return whether LOG_FORMAT is JSON; for lines printed before the settings are read."""
    return os.environ.get("LOG_FORMAT", "").strip() == "json"


class Environment:
    """Reads variables by kind. Each method raises Refusal for an invalid value.

    `secrets` has the values of all secrets that were read; logs hide them.
    """

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return _readable(name, os.environ.get(name, "").strip()) or default

    def secret(self, name: str) -> str:
        """Return a password or token unchanged, including spaces at its ends."""
        value = os.environ.get(name, "")
        secret = _readable(name, value) if value.strip() else ""
        self.secrets.append(secret)
        return secret

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise refusal(name, f"takes {_list_choices(choices)}", value)
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if value and value not in (*TRUE, *FALSE):
            raise refusal(name, "takes 1 or 0 (also true, false, yes, no, on, off)", value)
        return value in TRUE if value else default

    def integer(self, name: str, *, default: int, minimum: int = 0, maximum: int = 10**9) -> int:
        value = self.text(name, str(default))
        is_number = re.fullmatch(r"[+-]?\d{1,18}", value, re.A)
        if not is_number or not minimum <= int(value) <= maximum:
            raise refusal(name, f"takes a whole number from {minimum} to {maximum}", value)
        return int(value)

    def number(self, name: str, *, default: float, minimum: float, maximum: float) -> float:
        value = self.text(name, str(default))
        number = float(value) if _DECIMAL.fullmatch(value) else math.nan
        if not minimum <= number <= maximum:
            raise refusal(name, f"takes a number from {minimum:g} to {maximum:g}", value)
        return number

    def day(self, name: str) -> date | None:
        """Return a day written as YYYY-MM-DD, None if it is not given."""
        value = self.text(name)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            raise refusal(name, "takes a day as YYYY-MM-DD", value) from None

    def items(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """Return a comma-separated list, without surrounding spaces and empty items."""
        items = [item for part in self.text(name).split(",") if (item := part.strip())]
        return list(dict.fromkeys(items)) or list(default)

    def keys(self, name: str) -> list[str]:
        """Return a comma-separated list of secret keys.

        Of a key with a comma in it, each part would become a key of its own, perhaps a short one.
        """
        keys = self.items(name)
        if any(len(key) < MIN_KEY for key in keys):
            raise refusal(name, f"takes keys of at least {MIN_KEY} characters, without commas")
        self.secrets += keys
        return keys

    def port(self, name: str, *, default: int, minimum: int = 1) -> int:
        return self.integer(name, default=default, minimum=minimum, maximum=65535)

    def host(self, name: str, default: str = "") -> str:
        """Return a host name or IP address; IPv6 without brackets."""
        value = self.text(name, default)
        if value and not is_host(unbracketed(value)):
            raise refusal(name, "takes a host name or an IP address, without a port", value)
        return unbracketed(value)

    def hosts(self, name: str, default: Sequence[str]) -> list[str]:
        """Return items for ALLOWED_HOSTS: IPv6 addresses in brackets, `.example.org`, `*`."""
        hosts = [self._allowed_host(name, item) for item in self.items(name, default)]
        return list(dict.fromkeys(hosts))

    def _allowed_host(self, name: str, item: str) -> str:
        host = unbracketed(item)
        if not (item == "*" or is_host(host.removeprefix("."))):
            raise refusal(name, "takes host names, .domains or IP addresses, without ports", item)
        if ":" in host:  # as browsers write it: [::1], not [0:0:0:0:0:0:0:1]
            return f"[{ipaddress.ip_address(host)}]"
        return host.removesuffix(".")

    def networks(self, name: str) -> list[str]:
        """Return IP addresses and networks in CIDR notation, or `*` for all.

        Each IPv4 item is followed by its IPv4-mapped form, which a server that listens on `::` sees
        as its clients' addresses.
        """
        networks = []
        for item in self.items(name):
            try:
                network = None if item == "*" else ipaddress.ip_network(item)
            except ValueError:
                raise refusal(name, "takes IP addresses or networks (10.0.0.0/8)", item) from None
            networks.append(item)
            if network is not None and network.version == 4:
                networks.append(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
        return networks

    def private_targets(self, name: str) -> list[str]:
        """Return host names, IP addresses and networks, each with or without a port."""
        items = self.items(name)
        for item in items:
            try:
                parse_private_target(item)
            except ValueError as error:
                raise refusal(name, str(error), item) from None
        return items

    def url(self, name: str, default: str = "") -> str:
        """Return an http or https URL without a trailing slash."""
        value = self.text(name, default)
        if value and not is_url(value):
            raise refusal(name, "takes a URL such as https://example.org", value)
        return value.rstrip("/")

    def site_url(self, name: str) -> str:
        """Return the URL of this site, as browsers can open it: not a wildcard address."""
        value = self.url(name)
        if is_wildcard(urlsplit(value).hostname or ""):
            raise refusal(name, "takes an address that people can open, no wildcard", value)
        return value

    def websocket_url(self, name: str, default: str) -> str:
        """Return a ws or wss URL without a trailing slash."""
        value = self.text(name, default)
        if not is_url(value, schemes=("ws", "wss")):
            raise refusal(name, "takes a URL such as wss://example.org", value)
        return value.rstrip("/")

    def proxy(self, name: str) -> str:
        """Return the URL of an HTTP proxy, which may contain a user and a password."""
        value = self.text(name)
        if value and not is_url(value, may_have_user=True):
            raise refusal(name, "takes http://user:password@host:port")
        return value.rstrip("/")

    def origins(self, name: str) -> list[str]:
        """Return origins such as `https://example.org:8443` or `https://*.example.org`.

        They are normalised to the form that browsers send: in lower case, without a default port.
        """
        origins = [item.rstrip("/").lower() for item in self.items(name)]
        for origin in origins:
            if not is_url(origin.replace("://*.", "://", 1)) or "/" in origin.partition("://")[2]:
                raise refusal(name, "takes origins such as https://example.org", origin)
        return list(dict.fromkeys(map(without_default_port, origins)))

    def path(self, name: str, default: Path) -> Path:
        """Return an absolute path; ~ is the user's home."""
        try:
            return Path(self.text(name, str(default))).expanduser().resolve()
        except (RuntimeError, OSError) as error:
            raise refusal(name, f"cannot be followed ({error})") from None

    def sender(self, name: str, default: str) -> str:
        """Return an e-mail address, with or without a name: `Pregão <pregao@example.org>`.

        The address is ASCII: few mail servers accept others, and only by an extension (RFC 6531).
        """
        value = self.text(name, default)
        match = _SENDER.fullmatch(value)
        is_ascii = value.rpartition("<")[2].isascii()
        if not (match and is_ascii and is_host(match["domain"] or match["bare_domain"])):
            raise refusal(name, "takes an e-mail address, or: Name <address>", value)
        return value

    def database(self, name: str) -> dict[str, Any] | None:
        """Return Django's database settings for a URL, or None if the variable is unset."""
        value = self.text(name)
        try:
            return parse_database_url(value) if value else None
        except ValueError as error:
            raise refusal(name, str(error)) from None

    def redis_url(self, name: str) -> str:
        value = self.text(name)
        try:
            if value:
                parse_redis_url(value)
        except ValueError as error:
            raise refusal(name, str(error)) from None
        return value

    def refuse(self, names: Collection[str], reason: str) -> None:
        """Refuse variables that a library would prefer to our own."""
        for name in names:
            if self.text(name):
                raise refusal(name, reason)

    def word(self, name: str, default: str) -> str:
        """Return a name that is valid in a Redis key: letters, digits, _ and -."""
        value = self.text(name, default)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", value):
            raise refusal(name, "takes up to 40 letters, digits, _ and -", value)
        return value


env = Environment()


def _readable(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise refusal(name, "contains a line break or another control character")
    if _NOT_UTF_8.search(value):
        raise refusal(name, "is not UTF-8")
    return value


def refusal(name: str, reason: str, value: str | None = None) -> Refusal:
    """Return the refusal of a variable; `value` is shown, unless it may be a secret."""
    shown = "" if value is None else f", not {value[:60]!r}"
    return Refusal(f"{name} {reason}{shown}")


def _list_choices(choices: Collection[str]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}"
