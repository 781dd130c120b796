"""Parser of `REDIS_URL` in all its forms; needs no Redis client.

    redis://user:password@host:6379/0
    rediss://user:password@host:6379/0?ssl_ca_certs=/path/to/ca.pem
    unix://user:password@/path/to/redis.sock?db=0
    sentinel://user:password@host1:26379,host2:26379/master-name/0

`sentinels://` is `sentinel://` over TLS. User, password and path are percent-encoded.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

PORTS = {"redis": 6379, "rediss": 6379, "sentinel": 26379, "sentinels": 26379}
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
TLS_OPTIONS = (*TLS_FILES, "ssl_cert_reqs", "ssl_check_hostname")
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
MAX_DATABASE = 2**31 - 1
# Python raises UnicodeError, not OSError, when it resolves a name with an empty or a longer label.
_HOST_NAME = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?", re.A)
FORMS = (
    "redis://host:6379/0, rediss://host:6379/0, unix:///path/to/redis.sock?db=0 or "
    "sentinel://host1:26379,host2:26379/master/0"
)


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """A parsed URL. With a `master`, `hosts` are the sentinels that watch it."""

    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    master: str = ""
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    is_tls: bool = False
    tls: Mapping[str, str | bool] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """Return the address without its passwords, for logs and error messages."""
        if self.path:
            return f"unix://{self.path}?db={self.database}"
        scheme = ("sentinel" if self.master else "redis") + ("s" if self.is_tls else "")
        hosts = ",".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)
        return "/".join(filter(None, (f"{scheme}://{hosts}", self.master, str(self.database))))


def parse_redis_url(url: str) -> RedisAddress:
    """Parse a Redis URL. Raises: ValueError, with a reason that contains no password."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in (*PORTS, "unix"):
        raise ValueError(f"takes {FORMS}")
    _check_characters(rest)
    rest, _, query = rest.partition("?")
    options = _options(query)
    userinfo, location = _split_userinfo(rest)
    username, password = _credentials(userinfo, options)
    common: dict[str, Any] = {"username": username, "password": password}
    if scheme == "unix":
        return _unix(location, options, **common)
    common |= _tls(scheme, options)
    if scheme.startswith("sentinel"):
        common |= {name: options.pop(name, None) for name in SENTINEL_OPTIONS}
        if common["sentinel_username"] and not common["sentinel_password"]:
            raise ValueError("has a sentinel_username without a sentinel_password")
    _refuse_options(scheme, options)
    netloc, _, path = location.partition("/")
    hosts = _hosts(netloc, PORTS[scheme])
    if scheme.startswith("sentinel"):
        master, _, database = path.partition("/")
        if not re.fullmatch(r"[\w.-]+", master, re.A):
            raise ValueError("lacks the master's name: write sentinel://host1,host2/master/0")
        return RedisAddress(hosts=hosts, master=master, database=_database(database), **common)
    if len(hosts) != 1:
        raise ValueError("names several hosts, which only sentinel:// takes")
    return RedisAddress(hosts=hosts, database=_database(path), **common)


def _check_characters(text: str) -> None:
    if "#" in text:
        raise ValueError("takes no #: write one in a password as %23")
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("contains a bare %: write one in a password as %25")
    if "%00" in text:
        raise ValueError("contains a NUL byte (%00)")
    if re.search(r"[\x00-\x20\x7f]", text):
        raise ValueError("contains a space or control character: percent-encode it")


def _split_userinfo(text: str) -> tuple[str, str]:
    """Split "user:password@host/path" at the @, which must be before the first slash."""
    userinfo, separator, location = text.rpartition("@")
    if "/" in userinfo or "@" in userinfo:
        raise ValueError("contains a / or @ in user or password: write it as %2F or %40")
    return (userinfo, location) if separator else ("", text)


def _credentials(userinfo: str, options: dict[str, str]) -> tuple[str | None, str | None]:
    """Return user and password, from before the @ or, as in redis-py's unix:// URLs, the query."""
    username, _, password = (unquote(part) for part in userinfo.partition(":"))
    if ":" in userinfo.partition(":")[2]:
        raise ValueError("contains a : in the password: write it as %3A")
    username = username or options.pop("username", "")
    password = password or options.pop("password", "")
    if username and not password:
        raise ValueError("names a user without a password (a password alone is :password@)")
    return username or None, password or None


def _options(query: str) -> dict[str, str]:
    # parse_qsl would decode a plus as a space, but passwords and paths may contain one.
    pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    options = dict(pairs)
    if len(options) != len(pairs):
        raise ValueError("has a duplicate parameter")
    if blank := next((name for name, value in pairs if not value), None):
        raise ValueError(f"has an empty parameter {blank[:40]!r}")
    return options


def _refuse_options(scheme: str, options: Mapping[str, str]) -> None:
    for name in options:
        if name in TLS_OPTIONS:
            raise ValueError(f"takes {name} with rediss:// and sentinels:// only")
        if name == "db":
            raise ValueError("takes db with unix:// only: write the number after the last /")
        raise ValueError(f"takes no parameter {name[:40]!r} with {scheme}://")


def _unix(location: str, options: dict[str, str], **common: Any) -> RedisAddress:
    if not location.startswith("/") or location.endswith("/"):
        raise ValueError("takes the absolute path of a socket: unix:///path/to/redis.sock")
    database = _database(options.pop("db", ""))
    _refuse_options("unix", options)
    return RedisAddress(path=unquote(location), database=database, **common)


def _hosts(netloc: str, default_port: int) -> tuple[tuple[str, int], ...]:
    return tuple(_host(part, default_port) for part in netloc.split(","))


def _host(text: str, default_port: int) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?", text, re.A)
    if not text or text.startswith(":"):
        raise ValueError("lacks a host")
    if not match or not (_is_ipv6(match[1]) if match[1] else _HOST_NAME.fullmatch(match[2])):
        raise ValueError("has an invalid host:port (write an IPv6 address in brackets)")
    port = int(match[3]) if match[3] else default_port
    if not 1 <= port <= 65535:
        raise ValueError(f"takes a port from 1 to 65535, not {port}")
    return match[1] or match[2], port


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _database(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"\d{1,10}", text, re.A) or int(text) > MAX_DATABASE:
        raise ValueError(f"takes a number as database, not {text[:40]!r}")
    return int(text)


def _tls(scheme: str, options: dict[str, str]) -> dict[str, Any]:
    if scheme not in ("rediss", "sentinels"):
        return {}
    tls: dict[str, str | bool] = {n: options.pop(n) for n in TLS_OPTIONS if n in options}
    for name in TLS_FILES:
        if name in tls and not Path(str(tls[name])).is_file():
            raise ValueError(f"has a missing {name} file: {tls[name]}")
    if ("ssl_certfile" in tls) != ("ssl_keyfile" in tls):
        raise ValueError("takes ssl_certfile and ssl_keyfile together")
    if tls.setdefault("ssl_cert_reqs", "required") not in ("required", "none"):
        raise ValueError("takes ssl_cert_reqs=required or ssl_cert_reqs=none")
    is_verified = tls["ssl_cert_reqs"] == "required"
    check_hostname = tls.get("ssl_check_hostname", "true" if is_verified else "false")
    if check_hostname not in ("true", "false"):
        raise ValueError("takes ssl_check_hostname=true or ssl_check_hostname=false")
    if not is_verified and ("ssl_ca_certs" in tls or check_hostname == "true"):
        raise ValueError("verifies nothing with ssl_cert_reqs=none: remove that, or the others")
    tls["ssl_check_hostname"] = check_hostname == "true"
    _check_tls_files(tls)
    return {"is_tls": True, "tls": tls}


def _check_tls_files(tls: Mapping[str, Any]) -> None:
    """Load the files once: otherwise each connection would fail, in each process."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if "ssl_ca_certs" in tls:
            context.load_verify_locations(tls["ssl_ca_certs"])
        if "ssl_certfile" in tls:
            # With an empty password, as OpenSSL would ask the terminal for that of the key.
            context.load_cert_chain(tls["ssl_certfile"], tls["ssl_keyfile"], password="")
    except OSError as error:  # also SSLError
        reason = getattr(error, "reason", None) or error.strerror
        raise ValueError(f"has certificates or a key that cannot be used ({reason})") from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
