"""Limits on the sockets that one address and one user open per minute and have open at once."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from math import ceil
from typing import Any

from django.conf import settings

from mainapp.core.addresses import socket_address
from mainapp.core.limits.limit import Key, Limit, of_address, of_user
from mainapp.core.limits.redis_store import try_consume_async

logger = logging.getLogger(__name__)

OPENINGS_OF_ADDRESS = Limit("sockets", "SOCKETS_A_MINUTE_ADDRESS", 60.0)
OPENINGS_OF_USER = Limit("sockets", "SOCKETS_A_MINUTE_USER", 60.0)
RETRY_S = 30.0
LOG_EVERY_S = 60.0
TRY_AGAIN_LATER = 1013

# Per process: a count in Redis would stay too high after a process was killed.
_open_sockets: Counter[Key] = Counter()


class SocketLimitMiddleware:
    """Refuses a handshake with HTTP 429 and Retry-After if its key has too many sockets.

    The handshake is not accepted first: an accepted socket, closed at once, would wait 10 s for
    the client's close frame. Openings are counted across processes, and all allowed without Redis.
    """

    def __init__(
        self, inner: Any, *, key_of: Callable[[Any], Key | None], openings: Limit, maximum: str
    ) -> None:
        self.inner = inner
        self._key_of = key_of
        self._openings = openings
        self._maximum = maximum
        self._logged_at = -LOG_EVERY_S

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        key = self._key_of(scope)
        if key is None:
            await self.inner(scope, receive, send)
            return
        _open_sockets[key] += 1
        try:
            if wait_s := await self._wait_s(key):
                self._log(key)
                await refuse_handshake(scope, send, status=429, wait_s=wait_s)
            else:
                await self.inner(scope, receive, send)
        finally:
            _open_sockets[key] -= 1
            if not _open_sockets[key]:
                del _open_sockets[key]

    async def _wait_s(self, key: Key) -> float:
        """Return the seconds until a refused client may try again; 0.0 if it is not refused."""
        maximum = getattr(settings, self._maximum)
        if _open_sockets[key] > maximum:
            return RETRY_S
        decision = await try_consume_async(self._openings, key)
        return max(decision.reset_s, 0.1) if decision.is_refused else 0.0

    def _log(self, key: Key) -> None:
        """Log refusals once a minute: behind an unknown proxy they would affect all clients."""
        now = time.monotonic()
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            hint = "; is it a proxy missing in TRUSTED_PROXIES?" if key.kind == "address" else ""
            logger.warning("too many sockets of %s %s%s", key.kind, key.value or "(none)", hint)


def limit_addresses(inner: Any) -> SocketLimitMiddleware:
    return SocketLimitMiddleware(
        inner,
        key_of=lambda scope: of_address(socket_address(scope)),
        openings=OPENINGS_OF_ADDRESS,
        maximum="SOCKETS_PER_ADDRESS",
    )


def limit_users(inner: Any) -> SocketLimitMiddleware:
    """Limit the sockets of logged-in users; anonymous ones are limited by address only."""
    return SocketLimitMiddleware(
        inner,
        key_of=lambda scope: of_user(scope["user"]) if scope["user"].is_authenticated else None,
        openings=OPENINGS_OF_USER,
        maximum="SOCKETS_PER_USER",
    )


async def refuse_handshake(scope: Any, send: Any, *, status: int, wait_s: float) -> None:
    """Refuse with an HTTP status and Retry-After; with close code 1013 if the server cannot."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        return
    headers = [(b"retry-after", str(ceil(wait_s)).encode())]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b""})
