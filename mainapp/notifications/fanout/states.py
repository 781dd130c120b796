"""Sends the state of feeds to the tabs of their users, and finds lost announcements."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from django.db import Error

from mainapp.core.realtime import query
from mainapp.core.realtime.conflation import Conflator
from mainapp.core.realtime.frames import encode
from mainapp.notifications.events import ALL, StateChanged
from mainapp.notifications.fanout.feeds import Feed, Pair, feed_named, feeds
from mainapp.notifications.fanout.sockets import InboxSocket

logger = logging.getLogger(__name__)

SWEEP_S = 10.0
STATE_S = 1.0  # at most one frame per user and key of a feed in this time
RETRY_S = 2.0


class StateSync:
    """Reads the announced states of the users with `sockets`, with the same queries for all."""

    def __init__(self, sockets: Mapping[int, set[InboxSocket]]) -> None:
        self._sockets = sockets
        # States by feed, user and key: those to be read now, and a limit of one a period.
        self._due: set[tuple[str, int, int]] = set()
        self._is_due = asyncio.Event()
        self._newest = Conflator(self._read_soon, period_s=STATE_S)
        self._totals: dict[tuple[str, int], Any] = {}

    def stop(self) -> None:
        self._newest.stop()

    def receive(self, message: StateChanged) -> None:
        for user in message["users"]:
            if user in self._sockets:
                self._newest.put((message["feed"], user, message["key"]), None)

    def _read_soon(self, state: tuple[str, int, int], _value: None) -> None:
        self._due.add(state)
        self._is_due.set()

    async def send(self) -> None:
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
                await asyncio.sleep(RETRY_S)
                self._is_due.set()

    async def _send_feed(self, name: str, pairs: list[Pair]) -> None:
        feed = feed_named(name)
        if feed is None:
            return
        if whole := {user for user, key in pairs if key == ALL}:
            pairs = [pair for pair in pairs if pair[0] not in whole]
            pairs += await query(feed.keys, whole)
        frames = await query(feed.frames, pairs)
        for (user, _key), frame in frames.items():
            if user not in self._sockets:
                continue
            self._totals[name, user] = feed.total_of(frame)
            encoded = encode(frame)
            for socket in list(self._sockets.get(user, ())):
                socket.write_change(encoded)

    async def sweep(self) -> None:
        """Find users whose state differs from the one sent, because an announcement was lost."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for feed in feeds():
                try:
                    await self._sweep_feed(feed)
                except Error as error:
                    logger.warning("states could not be compared: %s", error)

    async def _sweep_feed(self, feed: Feed) -> None:
        users = list(self._sockets)
        totals = await query(feed.totals, users) if users else {}
        behind = [
            user
            for user, total in totals.items()
            if self._totals.get((feed.name, user), total) != total
        ]
        # Users who left are forgotten; a new tab gets a snapshot, with the current total.
        self._totals = {
            key: total for key, total in self._totals.items() if key[1] in self._sockets
        }
        self._totals |= {(feed.name, user): total for user, total in totals.items()}
        for user, key in await query(feed.keys, behind) if behind else ():
            self._newest.put((feed.name, user, key), None)
