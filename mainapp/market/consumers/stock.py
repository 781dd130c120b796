"""The consumer of `ws/stock/<room_name>/` (CONTRACTS §2)."""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext_noop as _

from mainapp.accounts.policies import check_not_suspended
from mainapp.core.consumers import UNKNOWN_PATH, BaseConsumer
from mainapp.core.exceptions import DomainError
from mainapp.core.frames import Frame, echo
from mainapp.core.limits import Unavailable, consume_async, of_user
from mainapp.core.realtime import GroupMessage, publish
from mainapp.core.realtime.writer import try_send_of
from mainapp.market.consumers.reading import (
    chat_text,
    parse_query,
    split_known,
    symbols_of,
    too_many,
)
from mainapp.market.consumers.shared import catalogue_cache, quote_hub
from mainapp.market.events import STOCK_CHAT, ChatMessage
from mainapp.market.fanout import QuoteFanout, TrackedSocket
from mainapp.market.policies import CHAT, SOCKET, symbol_limit
from mainapp.market.quotes import iso

ROOM = re.compile(r"[A-Za-z0-9_]{1,64}\Z")


class StockConsumer(BaseConsumer):
    """One client's socket: passes its requests to the hub, which sends the prices."""

    policy = SOCKET
    login_sentence = _("Entre na sua conta para conversar.")
    handlers: ClassVar = BaseConsumer.handlers | {
        "subscribe": "subscribe",
        "unsubscribe": "unsubscribe",
        "resume": "resume",
        "message": "send_chat",
    }
    hub: QuoteFanout
    socket: TrackedSocket | None = None

    async def opened(self) -> None:
        room = self.scope["url_route"]["kwargs"]["room_name"]
        if not ROOM.match(room):
            await self.close(UNKNOWN_PATH)
            return
        self.hub = quote_hub()
        known = await catalogue_cache().get()
        await self.hub.ready()
        requested, since = parse_query(self.scope["query_string"])
        symbols, unknown = split_known(requested, known)
        limit = symbol_limit(is_authenticated=self.scope["user"].is_authenticated)
        self.writer = self.socket = socket = TrackedSocket(
            send=self.base_send,
            try_send=try_send_of(self.scope),
            room=room,
            limit=limit,
            user=self.scope["user"].pk,
            catch_up=self.hub.broadcaster.catch_up,
        )
        subscribers = self.hub.subscribers
        subscribers.join(socket, home_symbols=known.ibov)
        subscribers.subscribe(socket, symbols[:limit])
        await self._send_snapshot(symbols[:limit], since=since, extra={"unknown": unknown})
        self.hub.broadcaster.send_ranking_to(socket)
        if len(symbols) > limit:
            await self.send_error(too_many(limit))

    def left(self) -> None:
        if self.socket is not None:
            self.hub.subscribers.leave(self.socket)

    async def subscribe(self, frame: Frame) -> None:
        socket = self._socket()
        symbols, unknown = split_known(symbols_of(frame), await catalogue_cache().get())
        if len({*socket.symbols, *symbols}) > socket.limit:
            raise too_many(socket.limit)
        self.hub.subscribers.subscribe(socket, symbols)
        await self._send_snapshot(symbols, extra={"unknown": unknown} | echo(frame))

    async def unsubscribe(self, frame: Frame) -> None:
        known = await catalogue_cache().get()
        symbols = [known.canonical(text) or text for text in symbols_of(frame)]
        removed = self.hub.subscribers.unsubscribe(self._socket(), symbols)
        await self.reply({"type": "unsubscribed", "symbols": removed} | echo(frame))

    async def resume(self, frame: Frame) -> None:
        epoch, seq = frame.get("epoch"), frame.get("seq")
        if not (epoch is None or isinstance(epoch, str)) or type(seq) not in (int, type(None)):
            raise DomainError(
                "invalid", _("resume traz epoch e seq."), fields={"epoch": "str", "seq": "int"}
            )
        socket = self._socket()
        since = (epoch, seq) if epoch is not None and seq is not None else None
        await self._send_snapshot(list(socket.symbols), since=since, extra=echo(frame))

    async def send_chat(self, frame: Frame) -> None:
        user = self.scope["user"]
        text = chat_text(frame)
        check_not_suspended(user, at=datetime.now(UTC))
        try:
            await consume_async(CHAT, of_user(user))
        except Unavailable:
            raise DomainError(
                "unavailable", _("A conversa está fora do ar; tente já já.")
            ) from None
        message = ChatMessage(
            type="chat.said",
            room=self._socket().room,
            user=user.get_username(),
            message=text,
            sent_at=str(iso(datetime.now(UTC))),
        )
        publish([GroupMessage(STOCK_CHAT, message)])

    def _socket(self) -> TrackedSocket:
        assert self.socket is not None
        return self.socket

    async def _send_snapshot(
        self,
        symbols: list[str],
        *,
        since: tuple[str, int] | None = None,
        extra: dict[str, Any],
    ) -> None:
        """Send a snapshot, built when its turn in the queue comes, so that it is never outdated."""
        socket, snapshot = self._socket(), self.hub.broadcaster.snapshot
        await self.send_in_turn(lambda: snapshot(socket, symbols, since=since, extra=extra))
