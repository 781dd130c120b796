"""Sending to sockets: snapshots on request, and updates of their symbols with each batch."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings

from mainapp.core.realtime.frames import encode
from mainapp.market.board import LateSymbols
from mainapp.market.events import ChatMessage
from mainapp.market.fanout import frames
from mainapp.market.fanout.feed import FeedWatch
from mainapp.market.fanout.prices import Prices, fragment
from mainapp.market.fanout.subscribers import HOME, SubscriberRegistry, TrackedSocket
from mainapp.market.quotes import iso

HEARTBEAT_S = 2.0


class Broadcaster:
    """Writes to the subscribed sockets. `now` returns the event loop's time in seconds."""

    def __init__(
        self,
        *,
        prices: Prices,
        subscribers: SubscriberRegistry,
        feed_watch: FeedWatch,
        now: Callable[[], float],
    ) -> None:
        self._prices = prices
        self._subscribers = subscribers
        self._feed_watch = feed_watch
        self._now = now
        self._sent_state: tuple[str, str, LateSymbols] | None = None

    # To one socket -----------------------------------------------------------------------------

    def snapshot(
        self,
        socket: TrackedSocket,
        symbols: Iterable[str],
        *,
        since: tuple[str, int] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return a snapshot frame of the symbols, or of those changed since (epoch, seq).

        Its number is that of the last batch sent to the socket without a gap, which is not the
        newest one while the socket is behind.
        """
        symbols, prices = list(symbols), self._prices
        after = -1
        if since and since[0] == prices.epoch and since[1] <= prices.seq:
            after = since[1]
        if not socket.behind:
            socket.seq = prices.seq
        at = datetime.now(UTC)
        head = {
            "epoch": prices.epoch,
            "seq": socket.seq,
            "server_time": iso(at),
            "session": self._feed_watch.session(at),
            "feed": self._feed_watch.state(now=self._now(), at=at),
            "source": self._source(symbols),
            "kind": settings.QUOTE_KIND,
            "simulated": settings.QUOTE_KIND != "real",
            "limit": socket.limit,
            "pending": prices.pending(symbols),
            "unknown": [],
        }
        if late := self._feed_watch.late(at).among([*symbols, *self._ranked(socket)]):
            head["late"] = sorted(late)
        return frames.snapshot_frame(head | dict(extra or {}), prices.whole(symbols, after))

    def catch_up(self, socket: TrackedSocket) -> bytes | None:
        """Return the frame that brings a slow socket up to date, or None if nothing changed."""
        socket.behind = False
        if socket.needs_snapshot:
            socket.needs_snapshot = False
            return self.snapshot(socket, socket.symbols)
        changes = self._prices.changes(socket.symbols, socket.seq)
        socket.seq = self._prices.seq
        return None if changes is None else frames.update_frame(socket.seq, changes)

    def send_ranking_to(self, socket: TrackedSocket) -> None:
        """Send the current ranking to a socket of the home room."""
        if socket.room == HOME:
            socket.write(lambda: self._subscribers.ranking.frame)

    # To all sockets ----------------------------------------------------------------------------

    def send_update(self, fragments: Mapping[str, bytes]) -> None:
        """Send each socket one frame with the fragments of its symbols."""
        now, seq, fragment_of = self._now(), self._prices.seq, fragments.get
        head, join = frames.update_head(seq), b",".join
        for socket in self._subscribers.watching(fragments):
            quotes = join(filter(None, map(fragment_of, socket.symbols)))
            if socket.offer(b"%b%b}}" % (head, quotes)):
                socket.seq, socket.sent_at = seq, now
            else:
                socket.behind = True
        self._send_ranking(now)

    def send_changes(self, changed: Mapping[str, Any]) -> None:
        """Encode each symbol's changed fields and send them as an update."""
        self.send_update(
            {symbol: fragment(symbol, encode(fields)) for symbol, fields in changed.items()}
        )

    def send_snapshots(self) -> None:
        """Send every socket a snapshot of all its symbols: the board was replaced."""
        now = self._now()
        for socket in list(self._subscribers.sockets):
            if socket.is_busy:
                socket.needs_snapshot = True
            else:
                socket.offer(self.snapshot(socket, socket.symbols))
                socket.sent_at = now
        self._send_ranking(now)

    def send_chat(self, message: ChatMessage) -> None:
        frame = frames.chat_frame(message)
        for socket in list(self._subscribers.by_room.get(message["room"], ())):
            socket.write(frame)

    def send_lists_changed(self, user: int) -> None:
        """Send a user's sockets the `lists` frame, on which pages reload the watchlists."""
        for socket in [s for s in self._subscribers.sockets if s.user == user]:
            socket.write(frames.lists_frame())

    def send_heartbeats(self) -> None:
        """Send a heartbeat to idle sockets, and to all sockets if feed, session or `late` changed.

        The frame contains them, so that pages show within a second that prices have stopped.
        """
        at, now = datetime.now(UTC), self._now()
        feed, session = self._feed_watch.state(now=now, at=at), self._feed_watch.session(at)
        status = self._feed_watch.status
        late_symbols = self._feed_watch.late(at)
        state = (feed, session, late_symbols)
        idle_since = now if state != self._sent_state else now - HEARTBEAT_S
        self._sent_state = state

        @cache
        def frame_with(late: frozenset[str]) -> bytes:
            return frames.heartbeat_frame(
                seq=self._prices.seq,
                at=at,
                session=session,
                feed=feed,
                batch_at=status.batch_at if status else None,
                late=late,
            )

        for socket in [s for s in self._subscribers.sockets if s.sent_at <= idle_since]:
            shown = (*socket.symbols, *self._ranked(socket))
            if socket.offer(frame_with(late_symbols.among(shown))):
                socket.sent_at = now

    def _ranked(self, socket: TrackedSocket) -> tuple[str, ...]:
        """Return the symbols that a socket may show without a subscription: home's rankings."""
        return self._subscribers.ranking.symbols if socket.room == HOME else ()

    def _send_ranking(self, now: float) -> None:
        """Send the ranking to the home room if it changed; it is computed once per batch."""
        ranking = self._subscribers.ranking
        if not (sockets := self._subscribers.by_room.get(HOME)) or not ranking.renew():
            return
        for socket in sockets:
            if socket.offer(ranking.frame):
                socket.sent_at = now
            else:
                socket.write_if_none_waits(lambda: ranking.frame)

    def _source(self, symbols: list[str]) -> str:
        for symbol in symbols:
            if entry := self._prices.entries.get(symbol):
                return str(entry.fields["source"])
        return str(settings.QUOTE_SOURCE[0])
