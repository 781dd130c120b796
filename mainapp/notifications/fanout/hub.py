"""The hub of inboxes: reads announced changes once and sends them to all open sockets."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from django.db import Error

from mainapp.core.realtime import Hub, query
from mainapp.core.realtime.conflation import Conflator
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.hub import Task
from mainapp.notifications.events import INBOXES, InboxesChanged, StateChanged
from mainapp.notifications.fanout.archive import Archive, InboxChanges, LatestIds
from mainapp.notifications.fanout.feeds import Feed, Pair, feed_named, feeds
from mainapp.notifications.fanout.sockets import InboxSocket

logger = logging.getLogger(__name__)

POLL_S = 2.0
SWEEP_S = 10.0
STATE_S = 1.0  # at most one frame about a key of a feed in this time


class InboxFanout(Hub):
    """Sends new items and marks; polls every POLL_S, because messages may be lost."""

    groups = (INBOXES,)
    handlers: ClassVar = {
        "inboxes.changed": (InboxesChanged, "_inboxes_changed"),
        "inboxes.state": (StateChanged, "_state_changed"),
    }

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.sockets: dict[int, set[InboxSocket]] = {}
        self.polling = asyncio.Lock()
        self.archive = archive
        self._latest_ids: LatestIds | None = None
        self._poll_now = asyncio.Event()
        # States by feed, user and key: those to be read now, and a limit of one a period.
        self._due: set[tuple[str, int, int]] = set()
        self._is_due = asyncio.Event()
        self._states = Conflator(self._read_soon, period_s=STATE_S)
        self._totals: dict[tuple[str, int], Any] = {}

    def tasks(self) -> Sequence[Task]:
        return self._poll_forever, self._send_states, self._sweep_states

    async def cleanup(self) -> None:
        self._states.stop()

    async def ready(self) -> None:
        """Read the highest ids and join the groups. Raises: django.db.Error."""
        if self._latest_ids is None:
            await self.poll()
        await super().ready()

    def join(self, socket: InboxSocket) -> None:
        self.sockets.setdefault(socket.user_id, set()).add(socket)

    def leave(self, socket: InboxSocket) -> None:
        socket.close()
        own = self.sockets.get(socket.user_id, set())
        own.discard(socket)
        if not own:
            self.sockets.pop(socket.user_id, None)

    async def poll(self) -> None:
        """Read and send the changes since the last poll. One query if there are none."""
        async with self.polling:
            latest_ids = await query(self.archive.latest_ids)
            before, self._latest_ids = self._latest_ids, latest_ids
            if before is None or before == latest_ids or not self.sockets:
                return
            try:
                changes = await query(self.archive.changes, before, latest_ids, list(self.sockets))
            except BaseException:
                self._latest_ids = before
                raise
            self._send(changes)

    def _send(self, changes: InboxChanges) -> None:
        for user, item in changes.items:
            frame = encode({"type": "notification", **item})
            for socket in self._sockets_of(user):
                socket.write_change(frame, item["id"])
        for user, numbers, marked in changes.marked:
            frame = encode(marked)
            for socket in self._sockets_of(user):
                if socket.own_marks.isdisjoint(numbers):
                    socket.write_change(frame)
                socket.own_marks.difference_update(numbers)

    def _sockets_of(self, user: int | None) -> list[InboxSocket]:
        if user is None:
            return [socket for sockets in self.sockets.values() for socket in sockets]
        return list(self.sockets.get(user, ()))

    def _inboxes_changed(self, message: InboxesChanged) -> None:
        users = message["users"]
        if users is None or any(user in self.sockets for user in users):
            self._poll_now.set()

    def _state_changed(self, message: StateChanged) -> None:
        for user in message["users"]:
            if user in self.sockets:
                self._states.put((message["feed"], user, message["key"]), None)

    def _read_soon(self, state: tuple[str, int, int], _value: None) -> None:
        self._due.add(state)
        self._is_due.set()

    async def _send_states(self) -> None:
        """Read changed states, and send each to all tabs of its user."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            due, self._due = self._due, set()
            by_feed: dict[str, list[Pair]] = {}
            for feed, user, key in due:
                by_feed.setdefault(feed, []).append((user, key))
            try:
                for name, pairs in by_feed.items():
                    await self._send_feed(name, pairs)
            except Error as error:
                logger.warning("states could not be read: %s", error)
                self._due |= due
                await asyncio.sleep(POLL_S)
                self._is_due.set()

    async def _send_feed(self, name: str, pairs: list[Pair]) -> None:
        feed = feed_named(name)
        if feed is None:
            return
        frames = await query(feed.frames, pairs)
        for (user, _key), frame in frames.items():
            if user not in self.sockets:
                continue
            self._totals[name, user] = feed.total_of(frame)
            encoded = encode(frame)
            for socket in self._sockets_of(user):
                socket.write_change(encoded)

    async def _sweep_states(self) -> None:
        """Find users whose state differs from what was sent: an announcement was lost."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for feed in feeds():
                try:
                    await self._sweep_feed(feed)
                except Error as error:
                    logger.warning("states could not be compared: %s", error)

    async def _sweep_feed(self, feed: Feed) -> None:
        users = list(self.sockets)
        totals = await query(feed.totals, users) if users else {}
        behind = [
            user
            for user, total in totals.items()
            if self._totals.get((feed.name, user), total) != total
        ]
        # Those who left are forgotten; a new tab has its snapshot, with the present total.
        self._totals = {key: total for key, total in self._totals.items() if key[1] in self.sockets}
        self._totals |= {(feed.name, user): total for user, total in totals.items()}
        for user, key in await query(feed.keys, behind) if behind else ():
            self._states.put((feed.name, user, key), None)

    async def _poll_forever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._poll_now.wait()
            self._poll_now.clear()
            if self.sockets:
                try:
                    await self.poll()
                except Error as error:
                    logger.warning("inboxes could not be read: %s", error)
