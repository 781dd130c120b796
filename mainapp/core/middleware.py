"""ASGI middleware that refuses unreadable headers, large bodies and sockets of foreign origins."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

# The largest upload is a file of 10 MiB; the form and the API report a larger one themselves.
MAX_BODY = 12 * 1024 * 1024
# Decoding a form of `%` takes 190 times its size: 2.5 MB took 477 MiB. Larger forms of ours are
# multipart, which has no such encoding.
MAX_FORM = 256 * 1024
FORM = b"application/x-www-form-urlencoded"
TICKET = "ticket."
# The scope's entry with the session of a socket that was authenticated by its address.
SESSION_KEY = "pregao.session_key"
PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int | None]


CHARSET = re.compile(rb"""charset\s*=\s*["']?([^\s;"']*)""", re.IGNORECASE)


class HeaderMiddleware:
    """Refuse requests whose headers Django cannot read.

    Django decodes a content type's parameters and a form with the codec that the client names, such
    as `zlib` or `utf-7`, and raises before any of its middleware runs. Here such headers are
    removed, and `scope["pregao.is_unreadable"]` makes a later middleware respond with 400.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not all(map(_is_readable, scope["headers"])):
            readable = [header for header in scope["headers"] if _is_readable(header)]
            scope = scope | {"headers": readable, "pregao.is_unreadable": True}
        await self.inner(scope, receive, send)


def _is_readable(header: tuple[bytes, bytes]) -> bool:
    name, value = header
    if name != b"content-type":
        return True
    charset = CHARSET.search(value)
    # A parameter like `name*=codec''value` (RFC 2231) names a codec too.
    is_utf8 = charset is None or charset[1].lower() in (b"utf-8", b"utf8")
    return is_utf8 and b"*" not in value


class BodyLimitMiddleware:
    """Refuse bodies above MAX_BODY, which Django would write to disk, and forms above MAX_FORM.

    The rest of the body is not read. `scope["pregao.body_refused"]` makes a later middleware
    respond with 413.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        is_form = headers.get(b"content-type", b"").strip().lower().startswith(FORM)
        limit = MAX_FORM if is_form else MAX_BODY
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > limit:
            receive = _refuse_body(scope, receive)
        elif headers.get(b"transfer-encoding"):
            receive = _limit_body(scope, receive, limit)
        await self.inner(scope, receive, send)


def _refuse_body(scope: Any, receive: Any) -> Any:
    """Return a `receive` that gives an empty body and then waits for the client's disconnection."""
    scope["pregao.body_refused"] = True
    is_body_sent = False

    async def receive_limited() -> Any:
        nonlocal is_body_sent
        if not is_body_sent:
            is_body_sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await receive())["type"] == "http.request":
            pass
        return message

    return receive_limited


def _limit_body(scope: Any, receive: Any, limit: int) -> Any:
    """Return a `receive` that ends a body of unknown length where it exceeds the limit."""
    size = 0

    async def receive_limited() -> Any:
        nonlocal size
        message = await receive()
        if message["type"] != "http.request" or scope.get("pregao.body_refused"):
            return message
        size += len(message.get("body", b""))
        if size > limit:
            scope["pregao.body_refused"] = True
            return message | {"body": b"", "more_body": False}
        return message

    return receive_limited


class OriginMiddleware:
    """Refuse (403) handshakes from pages of other sites, and those without an origin.

    Browsers send cookies with a handshake from any site, and CSRF tokens do not protect it. API
    clients offer a ticket as subprotocol instead of an origin; `SocketUserMiddleware` checks it.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        is_secure = scope.get("scheme") in ("wss", "https")
        if (not origin and _has_ticket(scope, host)) or is_allowed(
            origin, host=host, is_secure=is_secure
        ):
            await self.inner(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})


def _has_ticket(scope: Any, host: str) -> bool:
    offers = SESSION_KEY in scope or any(
        name.startswith(TICKET) for name in scope.get("subprotocols", ())
    )
    return offers and validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def is_allowed(origin: str, *, host: str, is_secure: bool) -> bool:
    """Return whether a page of `origin` may open a socket on `host` (as in the Host header)."""
    parts = _split(origin)
    if parts is None or not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    if parts == _split(f"{'https' if is_secure else 'http'}://{host}"):
        return True
    return any(_matches(parts, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def _split(origin: str) -> Origin | None:
    try:
        parts = urlsplit(origin)
        port = PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    if parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname, port


def _matches(origin: Origin, trusted: str) -> bool:
    """Compare with an entry of CSRF_TRUSTED_ORIGINS, possibly of the form `https://*.example.org`."""
    parts = _split(trusted.replace("://*.", "://", 1))
    if parts is None:
        return False
    scheme, host, port = parts
    if (origin[0], origin[2]) != (scheme, port):
        return False
    return is_same_domain(origin[1], f".{host}" if "://*." in trusted else host)
