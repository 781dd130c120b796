"""Who is behind a socket: sessions resolved in batches, so that a storm of reconnects is cheap."""

import asyncio
import logging
import re
from collections.abc import Collection
from typing import Any
from weakref import WeakKeyDictionary

import redis
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import parse_cookie

from mainapp.accounts import tickets
from mainapp.accounts.fanout import LoginHub, Rights
from mainapp.accounts.models import User
from mainapp.accounts.selectors import standing_of, user_of_ticket, users_of_sessions
from mainapp.core.consumers import SESSION_ENDED
from mainapp.core.middleware import TICKET
from mainapp.core.realtime import query

logger = logging.getLogger(__name__)

GATHER_S = 0.005
MAX_BATCH = 500
KEY = re.compile(r"[a-z0-9]{8,40}")


class SocketUserMiddleware:
    """Put `user` and `session_key` into the scope; anonymous costs no query.

    Of somebody logged in also `logins`, the hub that ends the socket with the login, and when
    (`known_at`, by the loop's clock) the login was looked up at the earliest.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = scope | {"user": AnonymousUser(), "session_key": None}
        if subprotocol := tickets.offered(scope):
            await self._by_ticket(scope, receive, send, subprotocol)
            return
        if key := _session_key(scope):
            resolver = _resolver()
            await resolver.hub.ready()
            known_at = resolver.hub.now()
            if user := await resolver.user_of(key):
                scope |= {"user": user, "session_key": key}
                scope |= {"logins": resolver.hub, "known_at": known_at}
        await self.inner(scope, receive, send)

    async def _by_ticket(self, scope: Any, receive: Any, send: Any, subprotocol: str) -> None:
        """Let in who brings a ticket that nobody used; refuse the handshake of any other."""
        hub = _resolver().hub
        await hub.ready()
        known_at = hub.now()
        ticket = await query(_redeemed, subprotocol.removeprefix(TICKET))
        if ticket is None:
            await send({"type": "websocket.close", "code": SESSION_ENDED})
            return

        async def send_accepting(message: Any) -> None:
            if message["type"] == "websocket.accept":
                message = message | {"subprotocol": subprotocol}
            await send(message)

        user, session_key = ticket
        scope |= {"user": user, "session_key": session_key, "logins": hub, "known_at": known_at}
        await self.inner(scope, receive, send_accepting)


def _redeemed(value: str) -> tuple[User, str | None] | None:
    """Return whose ticket it was, and of which session; None for nobody's, and without Redis."""
    try:
        ticket = tickets.redeem(value)
    except redis.RedisError as error:
        logger.warning("a ticket could not be taken: %s", error)
        return None
    user = user_of_ticket(ticket) if ticket else None
    return (user, ticket.session_key) if ticket and user else None


class _Resolver:
    """Gathers the sessions of the handshakes of a few milliseconds into two queries."""

    def __init__(self) -> None:
        self.hub = LoginHub(read=_read_standing)
        self._waiting: dict[str, asyncio.Future[User | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def user_of(self, session_key: str) -> User | None:
        loop = asyncio.get_running_loop()
        future = self._waiting.setdefault(session_key, loop.create_future())
        if self._task is None:
            self._task = loop.create_task(self._resolve())
        return await asyncio.shield(future)

    async def _resolve(self) -> None:
        try:
            await asyncio.sleep(GATHER_S)
            while self._waiting:
                keys = list(self._waiting)[:MAX_BATCH]
                batch = {key: self._waiting.pop(key) for key in keys}
                await self._answer(batch)
        finally:
            self._task = None

    async def _answer(self, batch: dict[str, "asyncio.Future[User | None]"]) -> None:
        reading = asyncio.ensure_future(query(users_of_sessions, list(batch)))
        await asyncio.wait([reading])
        for key, future in batch.items():
            if error := reading.exception():
                future.set_exception(error)
            else:
                future.set_result(reading.result().get(key))


async def _read_standing(
    session_keys: Collection[str], user_ids: Collection[int]
) -> tuple[set[str], dict[int, Rights]]:
    return await query(standing_of, session_keys, user_ids)


_resolvers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Resolver] = WeakKeyDictionary()


def _resolver() -> _Resolver:
    """Return the running loop's, made for its first visitor with a session."""
    loop = asyncio.get_running_loop()
    if loop not in _resolvers:
        _resolvers[loop] = _Resolver()
    return _resolvers[loop]


async def close_logins() -> None:
    """End the running loop's hub, if there is one; called when the server shuts down."""
    if found := _resolvers.pop(asyncio.get_running_loop(), None):
        await found.hub.stop()


def _session_key(scope: Any) -> str:
    """Return the session cookie's value; what cannot be a key asks no database."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            key = parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
            return key if KEY.fullmatch(key) else ""
    return ""
