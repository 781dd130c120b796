"""The hub of `ws/idea/<pk>/`: sends prices, comments and outcomes to open pages of ideas."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from mainapp.clubs.events import CLUBS, ClubChanged, ClubLeft
from mainapp.core.realtime import Hub, query
from mainapp.core.realtime.conflation import Conflator
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.hub import Task
from mainapp.ideas.events import IDEAS, IdeasChanged, LiveIdea, price_frame
from mainapp.ideas.fanout.archive import Archive, IdeaSocket, has_lost_access
from mainapp.market.events import STOCK_TRACK, QuotesRecorded

GONE = 4404
POLL_S = 2.0
PRICE_S = 1.0


class IdeaFanout(Hub):
    """The sockets of this process, by idea.

    Messages are hints: the hub reads changed ideas again, and polls all ideas with open pages.
    Before comments and outcomes are sent, it checks who may still see the idea, and closes the
    sockets of all others, as for an unknown idea. Without sockets it reads nothing.
    """

    groups = (IDEAS, STOCK_TRACK, CLUBS)
    handlers: ClassVar = {
        "ideas.changed": (IdeasChanged, "_changed"),
        "quotes.recorded": (QuotesRecorded, "_send_prices"),
        "club.changed": (ClubChanged, "_ignore"),
        "club.left": (ClubLeft, "_members_left"),
    }

    def __init__(self, archive: Archive, poll_s: float = POLL_S) -> None:
        super().__init__()
        self._archive, self._poll_s = archive, poll_s
        self._sockets: dict[int, set[IdeaSocket]] = {}
        self._ideas: dict[int, LiveIdea] = {}
        self._prices: Conflator[int, str] = Conflator(self._send_price, period_s=PRICE_S)

    def tasks(self) -> Sequence[Task]:
        return (self._poll,)

    async def cleanup(self) -> None:
        self._prices.stop()

    def join(self, socket: IdeaSocket, idea: LiveIdea) -> None:
        self._sockets.setdefault(idea.pk, set()).add(socket)
        self._ideas.setdefault(idea.pk, idea)

    def leave(self, socket: IdeaSocket, pk: int) -> None:
        sockets = self._sockets.get(pk, set())
        sockets.discard(socket)
        if not sockets:
            self._sockets.pop(pk, None)
            self._ideas.pop(pk, None)

    async def check(self, pks: Collection[int]) -> None:
        """Read ideas again, and send their changes to users who may still see them."""
        known = {pk: self._ideas[pk].last_comment for pk in pks if pk in self._sockets}
        if not known:
            return
        users = {pk: self._users(pk) for pk in known}
        states = await query(self._archive.states, known, users)
        authors = {a for state in states.values() for a in state.authors if a is not None}
        folded: set[tuple[int, int]] = set()
        if authors:
            everyone = {user for people in users.values() for user in people}
            folded = await query(self._archive.blockers, everyone, authors)
        for pk in known:
            self._apply(pk, states.get(pk), users[pk], folded)

    def _apply(
        self,
        pk: int,
        state: LiveIdea | None,
        checked: Collection[int],
        folded: Collection[tuple[int, int]],
    ) -> None:
        before = self._ideas.get(pk)
        if before is None:
            return
        self._close_forbidden(pk, state, checked)
        if state is None or pk not in self._sockets or state.revision < before.revision:
            return
        self._ideas[pk] = state
        for comment, author in zip(state.comments, state.authors, strict=True):
            if comment["id"] > before.last_comment:
                self._send_comment(pk, comment, author, folded)
        if state.revision > before.revision:
            frame = encode(dict(state.status))
            for socket in self._sockets[pk]:
                socket.writer.write(frame)

    def _close_forbidden(self, pk: int, state: LiveIdea | None, checked: Collection[int]) -> None:
        for socket in list(self._sockets.get(pk, ())):
            if state is None or has_lost_access(socket, state, checked):
                socket.end(GONE)
                self.leave(socket, pk)

    def _send_comment(
        self,
        pk: int,
        comment: Mapping[str, Any],
        author: int | None,
        folded: Collection[tuple[int, int]],
    ) -> None:
        whole = encode({"type": "comment", **comment})
        for socket in self._sockets[pk]:
            is_folded = (socket.user_id, author) in folded
            hidden = {"type": "comment", **comment, "body_html": "", "folded": True}
            socket.writer.write(encode(hidden) if is_folded else whole)

    def _users(self, pk: int) -> set[int]:
        return {s.user_id for s in self._sockets[pk] if s.user_id is not None}

    async def _changed(self, message: IdeasChanged) -> None:
        await self.check([message["idea"]])

    async def _members_left(self, message: ClubLeft) -> None:
        await self.check([pk for pk, idea in self._ideas.items() if idea.club == message["club"]])

    def _ignore(self, message: ClubChanged) -> None:
        """Ignore changes of clubs' pages: they are for the hub of clubs, in the same group."""

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            await self.check(list(self._sockets))

    def _send_prices(self, message: QuotesRecorded) -> None:
        for pk, idea in self._ideas.items():
            price = message["quotes"].get(idea.symbol, {}).get("price")
            if idea.is_live and isinstance(price, str):
                self._prices.put(pk, price)

    def _send_price(self, pk: int, price: str) -> None:
        if idea := self._ideas.get(pk):
            frame = encode(price_frame(idea, price))
            for socket in self._sockets.get(pk, ()):
                socket.writer.write(frame)
