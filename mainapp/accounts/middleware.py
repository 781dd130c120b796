"""Authentication of sockets by session or ticket, and the last activity of sessions.

Sessions are read in batches: a session and its user cost 4.2 ms of CPU per handshake one at a time,
and after a restart all clients reconnect at once.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase, parse_cookie
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from mainapp.accounts import tickets
from mainapp.accounts.fanout import LoginHub, Rights
from mainapp.accounts.models import User
from mainapp.accounts.selectors import users_of_sessions, valid_sessions_and_rights
from mainapp.accounts.selectors.second_factors import used_second_factor
from mainapp.accounts.services.sessions import record_seen
from mainapp.core.addresses import client_address
from mainapp.core.consumers import SESSION_ENDED
from mainapp.core.database import RETRY_AFTER_S, is_unavailable
from mainapp.core.limits.sockets import refuse_handshake
from mainapp.core.middleware import SESSION_KEY, TICKET
from mainapp.core.realtime import OnePerLoop, query

logger = logging.getLogger(__name__)

GATHER_S = 0.005
# Sessions per query, which bounds its parameters.
MAX_BATCH = 500
KEY = re.compile(r"[a-z0-9]{8,40}")


async def _read_rights(
    session_keys: Collection[str], user_ids: Collection[int]
) -> tuple[set[str], dict[int, Rights]]:
    return await query(valid_sessions_and_rights, session_keys, user_ids)


class SessionResolver:
    """Resolves the sessions of all handshakes within GATHER_S with two queries."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[User | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def user_of(self, session_key: str) -> User | None:
        future = self._waiting.setdefault(session_key, asyncio.get_running_loop().create_future())
        if self._task is None:
            self._task = login_hub().run_in_background(self._resolve())
        # Several tabs of a session share the future: one that disconnects must not cancel it.
        return await asyncio.shield(future)

    async def _resolve(self) -> None:
        try:
            await asyncio.sleep(GATHER_S)
            while self._waiting:
                keys = list(self._waiting)[:MAX_BATCH]
                await self._resolve_batch({key: self._waiting.pop(key) for key in keys})
        finally:
            self._task = None

    async def _resolve_batch(self, batch: dict[str, "asyncio.Future[User | None]"]) -> None:
        reading = asyncio.ensure_future(query(users_of_sessions, list(batch)))
        await asyncio.wait([reading])
        for key, future in batch.items():
            if error := reading.exception():
                future.set_exception(error)
            else:
                future.set_result(reading.result().get(key))


login_hub = OnePerLoop(LoginHub, _read_rights)
session_resolver = OnePerLoop(SessionResolver)


def note_second_factor(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Set `is_second_factor_used` on the request's user, as soon as a view reads it."""

    def user_of(request: HttpRequest) -> Any:
        user: Any = get_user(request)
        if user.is_authenticated:
            user.is_second_factor_used = used_second_factor(request.session)
        return user

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.user = SimpleLazyObject(partial(user_of, request))  # type: ignore[assignment] # lazy
        return get_response(request)

    return middleware


class SocketUserMiddleware:
    """Add `user` and `session_key` to the scope; anonymous users cost no query.

    For a logged-in user also `logins`, the hub that ends the socket with the log-in, and
    `known_at`, the event loop's time before the log-in was read: a log-out since then counts.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = scope | {"user": AnonymousUser(), "session_key": None}
        subprotocol = tickets.offered_ticket(scope)
        try:
            login = await self._login(scope, subprotocol)
        except DatabaseError as error:
            if not is_unavailable(error):
                raise
            logger.warning("a socket had no database: %s", " ".join(str(error).split()))
            await refuse_handshake(scope, send, status=503, wait_s=RETRY_AFTER_S)
            return
        scope |= login or {}
        if not subprotocol:
            await self.inner(scope, receive, send)
        elif login is None:
            await send({"type": "websocket.close", "code": SESSION_ENDED})
        else:
            await self._accept_ticket(scope, receive, send, subprotocol)

    async def _login(self, scope: Any, subprotocol: str | None) -> dict[str, Any] | None:
        """Return the additions to the scope; None for an anonymous user or an invalid ticket."""
        key = "" if subprotocol else _session_key(scope)
        if not (subprotocol or key):
            return None
        hub = login_hub()
        await hub.ready()
        known_at = hub.now()
        if subprotocol:
            ticket = await query(_redeem, subprotocol.removeprefix(TICKET))
            user, key = ticket or (None, "")
        else:
            user = await session_resolver().user_of(key)
        if user is None:
            return None
        return {"user": user, "session_key": key, "logins": hub, "known_at": known_at}

    async def _accept_ticket(self, scope: Any, receive: Any, send: Any, subprotocol: str) -> None:

        async def send_accepting(message: Any) -> None:
            if message["type"] == "websocket.accept":
                # Browsers fail the connection unless the server selects an offered subprotocol.
                message = message | {"subprotocol": subprotocol}
            await send(message)

        await self.inner(scope, receive, send_accepting)


def _redeem(value: str) -> tuple[User, str] | None:
    """Return a ticket's user and session; None if it is invalid or Redis is unavailable."""
    try:
        session_key = tickets.redeem(value)
    except redis.RedisError as error:
        logger.warning("a ticket could not be redeemed: %s", error)
        return None
    user = users_of_sessions([session_key]).get(session_key) if session_key else None
    return (user, session_key) if session_key and user else None


def _session_key(scope: Any) -> str:
    """Return the session key in the cookie; empty if it cannot be a key, which saves the query.

    A token in the address takes precedence over the cookie.
    """
    if key := scope.get(SESSION_KEY):
        return str(key)
    for name, value in scope["headers"]:
        if name == b"cookie":
            key = parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
            return key if KEY.fullmatch(key) else ""
    return ""


def record_activity(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Record that a session was used, at most once a minute; a failure costs the reader nothing.

    Requests that read no user, such as those for public pages, are not counted.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        user = request.__dict__.get("_cached_user") or _user_of_token(request)
        key = getattr(request, "log_in_key", "") or request.session.session_key
        if user is not None and user.is_authenticated and key:
            _record_seen(request, user, key)
        return response

    return middleware


def _user_of_token(request: HttpRequest) -> Any:
    """Return the user whom REST framework found by a token; None for other requests."""
    return request.user if hasattr(request, "log_in_key") else None


def _record_seen(request: HttpRequest, user: User, key: str) -> None:
    try:
        record_seen(
            user=user,
            session_key=key,
            address=client_address(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            at=timezone.now(),
        )
    except DatabaseError as error:
        logger.warning("a session's last activity was not recorded: %s", error)
