"""The parser of `DATABASE_URL`: SQLite by path, PostgreSQL by host or unix socket.

    sqlite:////path/to/file                        sqlite:///file-in-the-current-folder
    postgresql://user:password@host:5432/name      postgresql://user@/name?host=/var/run/postgresql

User, password, name and path are percent-encoded; a SQLite path may contain a bare # or space.
"""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

FORMS = "postgresql://user:password@host/name or sqlite:////path/to/file"
MEMORY = ":memory:"
# Parameters of libpq that make sense in a URL. A typing error must end the start, not each query.
OPTIONS = {
    *("application_name", "channel_binding", "connect_timeout", "gssencmode", "hostaddr"),
    *("keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "options"),
    *("passfile", "require_auth", "service", "sslcert", "sslcrl", "sslkey", "sslmode"),
    *("sslpassword", "sslrootcert", "target_session_attrs", "tcp_user_timeout"),
}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
NUMBERS = {
    *("connect_timeout", "keepalives", "keepalives_count", "keepalives_idle"),
    *("keepalives_interval", "tcp_user_timeout"),
}


def parse_database_url(url: str) -> dict[str, Any]:
    """Return Django's database settings. Raises: ValueError, without the password."""
    if "%00" in url:
        raise ValueError("contains a NUL byte (%00)")
    scheme, separator, location = url.partition(":")
    if scheme == "sqlite" and separator:
        return _sqlite(location)
    if scheme in ("postgresql", "postgres") and location.startswith("//"):
        return _postgresql(location.removeprefix("//"))
    raise ValueError(f"is not understood: write {FORMS}")


def sqlite_settings(path: str) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}


def _sqlite(location: str) -> dict[str, Any]:
    if location in (f"//{MEMORY}", f"///{MEMORY}"):
        return sqlite_settings(MEMORY)
    if not location.startswith("///") or location.endswith("/"):
        raise ValueError("takes sqlite:////absolute/path or sqlite:///relative/path")
    path = location.removeprefix("///")
    if "?" in path:
        raise ValueError("takes no ? with sqlite: write one in a path as %3F")
    return sqlite_settings(unquote(path))


def _postgresql(text: str) -> dict[str, Any]:
    if "#" in text:
        raise ValueError("takes no #: write one in a password as %23")
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("contains a bare %: write one in a password as %25")
    authority_and_name, _, query = text.partition("?")
    userinfo, separator, location = authority_and_name.rpartition("@")
    if separator and re.search("[/@]", userinfo):
        raise ValueError("contains a / or @ in user or password: write it as %2F or %40")
    user, _, password = userinfo.partition(":")
    netloc, _, name = location.partition("/")
    if not name or "/" in name:
        raise ValueError(f"lacks the database's name, or has a / in it: write {FORMS}")
    options = _options(query)
    host, port = _host_and_port(netloc)
    return {
        "ENGINE": "mainapp.core.postgresql",
        "NAME": unquote(name),
        "USER": unquote(user),
        "PASSWORD": unquote(password),
        "HOST": options.pop("host", host),
        "PORT": options.pop("port", port),
        "OPTIONS": options,
    }


def _host_and_port(netloc: str) -> tuple[str, str]:
    match = re.fullmatch(
        r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>(?:[\w.-]|%[0-9A-Fa-f]{2})*))(?::(?P<port>\d*))?",
        netloc,
        re.A,
    )
    if match is None:
        raise ValueError("has no host:port (write an IPv6 address in brackets)")
    port = match["port"] or ""
    if port and not 1 <= int(port) <= 65535:
        raise ValueError(f"takes a port from 1 to 65535, not {port[:20]}")
    return match["ipv6"] or unquote(match["name"] or ""), port


def _options(query: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True):
        if name in options or not value:
            raise ValueError(f"has a duplicate or empty {name[:40]}")
        if name not in OPTIONS and name not in ("host", "port"):
            raise ValueError(f"takes no parameter {name[:40]!r} (those of libpq are known)")
        if name in NUMBERS and not re.fullmatch(r"\d{1,9}", value, re.A):
            raise ValueError(f"takes a number for {name}")
        if name == "port" and not (
            re.fullmatch(r"\d{1,5}", value, re.A) and 1 <= int(value) <= 65535
        ):
            raise ValueError("takes a port from 1 to 65535")
        if name == "sslmode" and value not in SSL_MODES:
            raise ValueError(f"takes for sslmode one of {', '.join(SSL_MODES)}")
        options[name] = value
    return options
