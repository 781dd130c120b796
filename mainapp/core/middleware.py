"""What is let in: sockets of this site's pages and of those trusted by name; bodies of a size."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

MAX_BODY = 8 * 1024 * 1024
TICKET = "ticket."
PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int | None]


class BodyLimitMiddleware:
    """Take at most MAX_BODY of a request: Django would write any number of bytes to a disk first.

    The rest is not read; `scope["pregao.body_refused"]` tells the middleware that answers 413.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > MAX_BODY:
            receive = _refusing(scope, receive)
        elif headers.get(b"transfer-encoding"):
            receive = _counting(scope, receive)
        await self.inner(scope, receive, send)


def _refusing(scope: Any, receive: Any) -> Any:
    """Return a `receive` whose body is empty; afterwards it tells only of the client's leaving."""
    scope["pregao.body_refused"] = True
    told = False

    async def limited() -> Any:
        nonlocal told
        if not told:
            told = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await receive())["type"] == "http.request":
            pass
        return message

    return limited


def _counting(scope: Any, receive: Any) -> Any:
    """Return a `receive` that ends a body of unknown length where it passes the limit."""
    taken = 0

    async def limited() -> Any:
        nonlocal taken
        message = await receive()
        if message["type"] != "http.request" or scope.get("pregao.body_refused"):
            return message
        taken += len(message.get("body", b""))
        if taken > MAX_BODY:
            scope["pregao.body_refused"] = True
            return message | {"body": b"", "more_body": False}
        return message

    return limited


class OriginMiddleware:
    """Refuse the handshake (403) of a page of another site, and of a client that names none.

    API clients bring a ticket as subprotocol instead of an origin; whether it is good is for
    whoever finds the user to say.
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
    offers = any(name.startswith(TICKET) for name in scope.get("subprotocols", ()))
    return offers and validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def is_allowed(origin: str, *, host: str, is_secure: bool) -> bool:
    """Tell whether a page of `origin` may open a socket on `host` (as in the Host header)."""
    theirs = _split(origin)
    if theirs is None or not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    if theirs == _split(f"{'https' if is_secure else 'http'}://{host}"):
        return True
    return any(_matches(theirs, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


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


def _matches(theirs: Origin, trusted: str) -> bool:
    """Compare with an entry of CSRF_TRUSTED_ORIGINS, `https://*.example.org` included."""
    ours = _split(trusted.replace("://*.", "://", 1))
    if ours is None or (theirs[0], theirs[2]) != (ours[0], ours[2]):
        return False
    pattern = f".{ours[1]}" if "://*." in trusted else ours[1]
    return is_same_domain(theirs[1], pattern)
