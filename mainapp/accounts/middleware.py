"""Who is behind a socket: sessions resolved in batches, so that a storm of reconnects is cheap."""

import asyncio
import re
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import parse_cookie

from mainapp.accounts.models import User
from mainapp.accounts.selectors import users_of_sessions
from mainapp.core.realtime import query

GATHER_S = 0.005
MAX_BATCH = 500
KEY = re.compile(r"[a-z0-9]{8,40}")


class SocketUserMiddleware:
    """Put `user` and `session_key` into the scope; anonymous costs no query."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self._resolvers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Resolver] = (
            WeakKeyDictionary()
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        key = _session_key(scope)
        user = None
        if key:
            loop = asyncio.get_running_loop()
            resolver = self._resolvers.get(loop) or self._resolvers.setdefault(loop, _Resolver())
            user = await resolver.user_of(key)
        scope = scope | {"user": user or AnonymousUser(), "session_key": key if user else None}
        await self.inner(scope, receive, send)


class _Resolver:
    """Gathers the sessions of the handshakes of a few milliseconds into two queries."""

    def __init__(self) -> None:
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


def _session_key(scope: Any) -> str:
    """Return the session cookie's value; what cannot be a key asks no database."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            key = parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
            return key if KEY.fullmatch(key) else ""
    return ""
