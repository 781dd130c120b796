"""`ws/stock/<room_name>/`: CONTRACTS §2."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

import redis
from django.utils.translation import gettext_noop as _

from mainapp.core.consumers import UNKNOWN_PATH, BaseConsumer, Frame, echo
from mainapp.core.exceptions import DomainError
from mainapp.core.realtime import publish_now, take_turn
from mainapp.market.consumers.hall import Hall, hall
from mainapp.market.consumers.reading import (
    chat_text,
    parse_query,
    sort_out,
    symbols_of,
    too_many,
)
from mainapp.market.events import STOCK_CHAT, ChatSaid
from mainapp.market.fanout import QuoteFanout, TrackedSocket
from mainapp.market.fanout.prices import encode
from mainapp.market.policies import SOCKET, symbol_limit
from mainapp.market.quotes import iso

ROOM = re.compile(r"[A-Za-z0-9_]{1,64}\Z")
CHAT_TURNS, CHAT_WINDOW_S = 5, 10.0


class StockConsumer(BaseConsumer):
    """One visitor's socket: what it wants goes to the hub, and prices come from there."""

    policy = SOCKET
    login_sentence = _("Entre na sua conta para conversar.")
    handlers: ClassVar = BaseConsumer.handlers | {
        "subscribe": "subscribe",
        "unsubscribe": "unsubscribe",
        "resume": "resume",
        "message": "say",
    }
    hall: Hall
    hub: QuoteFanout
    socket: TrackedSocket | None = None

    async def opened(self) -> None:
        room = self.scope["url_route"]["kwargs"]["room_name"]
        if not ROOM.match(room):
            await self.close(UNKNOWN_PATH)
            return
        self.hall = hall()
        self.hub = self.hall.hub
        known = await self.hall.known_stocks()
        await self.hub.ready()
        asked, since = parse_query(self.scope["query_string"])
        symbols, unknown = sort_out(asked, known)
        limit = symbol_limit(is_authenticated=self.scope["user"].is_authenticated)
        self.socket = socket = TrackedSocket(
            send=self.base_send, room=room, limit=limit, catch_up=self.hub.catch_up
        )
        self.hub.join(socket, home_symbols=known.markets.get("IBOV", ()))
        self.hub.subscribe(socket, symbols[:limit])
        await self._answer_snapshot(
            socket, symbols[:limit], since=since, extra={"unknown": unknown}
        )
        self.hub.greet(socket)
        if len(symbols) > limit:
            await self.send_error(too_many(limit))

    def left(self) -> None:
        if self.socket is not None:
            self.hub.leave(self.socket)

    async def reply(self, frame: Frame) -> None:
        if self.socket is None:
            await super().reply(frame)
        else:
            await self._post(self.socket, lambda: encode(frame))

    async def subscribe(self, frame: Frame) -> None:
        socket = self._socket()
        symbols, unknown = sort_out(symbols_of(frame), await self.hall.known_stocks())
        if len(socket.symbols.union(symbols)) > socket.limit:
            raise too_many(socket.limit)
        self.hub.subscribe(socket, symbols)
        await self._answer_snapshot(socket, symbols, extra={"unknown": unknown} | echo(frame))

    async def unsubscribe(self, frame: Frame) -> None:
        known = await self.hall.known_stocks()
        symbols = [known.canonical(text) or text for text in symbols_of(frame)]
        left = self.hub.unsubscribe(self._socket(), symbols)
        await self.reply({"type": "unsubscribed", "symbols": left} | echo(frame))

    async def resume(self, frame: Frame) -> None:
        epoch, seq = frame.get("epoch"), frame.get("seq")
        if not (epoch is None or isinstance(epoch, str)) or type(seq) not in (int, type(None)):
            raise DomainError(
                "invalid", _("resume traz epoch e seq."), fields={"epoch": "str", "seq": "int"}
            )
        socket = self._socket()
        since = (epoch, seq) if epoch is not None and seq is not None else None
        await self._answer_snapshot(socket, list(socket.symbols), since=since, extra=echo(frame))

    async def say(self, frame: Frame) -> None:
        user = self.scope["user"]
        text = chat_text(frame)
        key = f"pregao:turns:chat:{user.pk}"
        try:
            wait = await take_turn(self.hub.redis, key, limit=CHAT_TURNS, window_s=CHAT_WINDOW_S)
        except (redis.RedisError, OSError):
            raise DomainError(
                "unavailable", _("A conversa está fora do ar; tente já já.")
            ) from None
        if wait:
            raise DomainError(
                "rate_limited", _("Mensagens demais; espere um pouco."), retry_after_s=wait
            )
        said = ChatSaid(
            type="chat.said",
            room=self._socket().room,
            user=user.get_username(),
            message=text,
            sent_at=str(iso(datetime.now(UTC))),
        )
        await publish_now([(STOCK_CHAT, said)])

    def _socket(self) -> TrackedSocket:
        assert self.socket is not None
        return self.socket

    async def _post(self, socket: TrackedSocket, build: Callable[[], str]) -> None:
        """Send an answer once the one before it is gone: who does not read is not read."""
        await socket.drained()
        socket.post(build, self.hub.now())

    async def _answer_snapshot(
        self,
        socket: TrackedSocket,
        symbols: list[str],
        *,
        since: tuple[str, int] | None = None,
        extra: dict[str, Any],
    ) -> None:
        """Send a snapshot that is built when its turn comes, so that it is never an old one."""
        await self._post(
            socket, lambda: self.hub.snapshot(socket, symbols, since=since, extra=extra)
        )
