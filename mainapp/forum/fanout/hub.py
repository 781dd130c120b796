"""The hub of a web process: it hears of changes, reads them once and tells each room's sockets."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from typing import Any
from uuid import uuid4

import redis
from channels.layers import get_channel_layer
from django.db import Error

from mainapp.core.realtime import query
from mainapp.core.redis import async_client
from mainapp.forum.events import ROOMS, Person, RoomTyping
from mainapp.forum.fanout.archive import Archive, Said
from mainapp.forum.fanout.attendance import Attendance
from mainapp.forum.fanout.hints import hints
from mainapp.forum.fanout.room import OpenRoom, RoomSocket

logger = logging.getLogger(__name__)

POLL_S = 1.0
RETRY_S = 0.5
ATTENDED_S = 0.5
PAGE = 100
MAX_BURST = 500  # more than this is read by each socket for itself, a page at a time
CANCEL_AGAIN_S = 0.1


class RoomFanout:
    """One per process and event loop. What it is told by hints it reads from the database.

    Hints may be lost, so the numbers of the open rooms are asked for every POLL_S; what this
    process wrote it is told directly.
    """

    def __init__(self, archive: Archive) -> None:
        self.name = uuid4().hex
        self.rooms: dict[int, OpenRoom] = {}
        self._archive = archive
        self._opening: dict[int, asyncio.Task[OpenRoom | None]] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._stir, self._rules_stir = asyncio.Event(), asyncio.Event()
        self._redis = async_client()
        self._channel: str | None = None
        self.attendance = Attendance(self.name, self.rooms, self._redis, self._people)
        loop = asyncio.get_running_loop()
        work = (self._listen, self._poll, self._read, self.attendance.keep)
        self._tasks = [loop.create_task(self._keep(one)) for one in work]

    async def stop(self) -> None:
        """End the hub's tasks; its people's leases stay for those who reconnect elsewhere."""
        tasks = [*self._tasks, *self._errands, *self._opening.values()]
        while pending := [task for task in tasks if not task.done()]:
            for task in pending:
                task.cancel()
            # Once may not do: wait_for, in redis-py too, can swallow it until Python 3.12.
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        await self._redis.aclose()

    # Sockets -----------------------------------------------------------------------------------

    async def enter(self, pk: int) -> OpenRoom | None:
        """Return a room, None when there is none; read from the database by its first socket."""
        room = self.rooms.get(pk)
        if room is None:
            if pk not in self._opening:
                self._opening[pk] = asyncio.create_task(self._open(pk))
            room = await asyncio.shield(self._opening[pk])
        if room and not room.attended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(ATTENDED_S):
                    await room.attended.wait()
        # It may have been closed, with its last socket, meanwhile.
        return room if room is None else self.rooms.setdefault(pk, room)

    def join(self, room: OpenRoom, socket: RoomSocket) -> None:
        room.join(socket)
        self.attendance.stir()

    def leave(self, room: OpenRoom, socket: RoomSocket) -> None:
        """Forget a socket; safe to repeat."""
        socket.close()
        if socket in room.sockets:
            room.leave(socket)
            if socket.person:
                self.attendance.depart(room, socket.person["id"])

    def release(self, room: OpenRoom, socket: RoomSocket) -> None:
        """Let a socket live that was held or fell behind, once it was told what it missed."""
        if socket.catching_up is None and not socket.is_live:
            socket.catching_up = self._send_on_errand(self._catch_up(room, socket))

    def nudge(self, pk: int, revision: int) -> None:
        """Hear that a room has come to a revision."""
        if (room := self.rooms.get(pk)) and revision > room.hinted:
            room.hinted = revision
            self._stir.set()

    def type_(self, room: OpenRoom, person: Person) -> None:
        """Tell the room's other users, here and elsewhere, that somebody writes."""
        if room.tell_typing(person, asyncio.get_running_loop().time()):
            hints.typing(
                RoomTyping(type="room.typing", room=room.pk, origin=self.name, user=person)
            )

    # Reading -----------------------------------------------------------------------------------

    async def _open(self, pk: int) -> OpenRoom | None:
        try:
            head = (await query(self._archive.heads, [pk])).get(pk)
            if head is None:
                return None
            muted = await query(self._archive.muted, [pk])
            room = self.rooms[pk] = OpenRoom(pk, head, muted[pk])
            self.attendance.stir()
            return room
        finally:
            del self._opening[pk]

    async def _read(self) -> None:
        """Read what the hints say there is: one query, whatever the rooms and sockets."""
        while True:
            await self._stir.wait()
            self._stir.clear()
            for room in self.rooms.values():
                if room.hinted - room.revision > MAX_BURST:
                    room.skip_to(room.hinted)
                    for socket in room.sockets:
                        self.release(room, socket)
            behind = {pk: room.hinted for pk, room in self.rooms.items() if _is_behind(room)}
            if behind:
                await self._take_in(behind)

    async def _take_in(self, hinted: dict[int, int]) -> None:
        since = {pk: self.rooms[pk].revision for pk in hinted}
        by_room: dict[int, list[Said]] = defaultdict(list)
        for said in await query(self._archive.said_since, since):
            by_room[said.room_pk].append(said)
        for pk, revision in hinted.items():
            if room := self.rooms.get(pk):
                room.take_said(by_room[pk], revision)

    async def _catch_up(self, room: OpenRoom, socket: RoomSocket) -> None:
        """Page a socket through what it missed, as fast as it reads."""
        try:
            while not socket.is_closed and socket.revision < room.revision:
                upto = room.revision
                try:
                    await self._page(room, socket)
                except Error as error:
                    logger.warning("a socket waits for the database: %s", error)
                    await asyncio.sleep(RETRY_S)
                else:
                    socket.revision = upto
            await socket.drained()
        finally:
            socket.catching_up = None
        if socket.revision < room.revision:
            self.release(room, socket)
            return
        socket.is_live = True
        if socket.needs_room:
            room.greet(socket)

    async def _page(self, room: OpenRoom, socket: RoomSocket) -> None:
        since, after, is_more = {room.pk: socket.revision}, 0, True
        while is_more and not socket.is_closed:
            rows = await query(self._archive.said_since, since, after=after, limit=PAGE)
            for row in rows:
                await socket.drained()
                if frame := socket.frame_of(row):
                    socket.offer(frame, asyncio.get_running_loop().time())
                after = row.seq
            is_more = len(rows) == PAGE

    # Tasks -------------------------------------------------------------------------------------

    async def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a task for ever: an error nobody foresaw is told, and must not silence every room."""
        while True:
            try:
                await work()
            except Exception:
                logger.exception("%s failed and starts again", work.__name__)
                await asyncio.sleep(RETRY_S)
                self._stir.set()

    async def _listen(self) -> None:
        """Join the group once for the whole process and hear what is hinted."""
        layer = get_channel_layer()
        assert layer is not None
        while True:
            try:
                if self._channel is None:
                    await self._redis.ping()
                    self._channel = await layer.new_channel()
                await layer.group_add(ROOMS, self._channel)
                while True:
                    self._hear(await layer.receive(self._channel))
            except (redis.RedisError, OSError):
                await asyncio.sleep(RETRY_S)

    def _hear(self, message: Any) -> None:
        room = self.rooms.get(message["room"])
        if room is None:
            return
        if message["type"] == "room.changed":
            self.nudge(room.pk, message["revision"])
            if message["rules_revision"] > room.rules_revision:
                self._rules_stir.set()
        elif message["type"] == "room.typing" and message["origin"] != self.name:
            room.tell_typing(message["user"], asyncio.get_running_loop().time())

    async def _poll(self) -> None:
        """Ask for the open rooms' numbers and rules: at once when hinted, else every POLL_S."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._rules_stir.wait()
            self._rules_stir.clear()
            for room in [room for room in self.rooms.values() if not room.sockets]:
                self.attendance.forget(room)
            if self.rooms:
                await self._look(list(self.rooms))

    async def _look(self, rooms: Collection[int]) -> None:
        heads = await query(self._archive.heads, rooms)
        changed = [
            pk for pk, head in heads.items() if head.rules_revision > self.rooms[pk].rules_revision
        ]
        muted = await query(self._archive.muted, changed) if changed else {}
        for pk in rooms:
            if pk not in heads:
                self._shut(pk)
                continue
            if pk in muted:
                self.rooms[pk].take_rules(heads[pk], muted[pk])
            self.nudge(pk, heads[pk].revision)

    def _shut(self, pk: int) -> None:
        """Send everybody away from a room that was deleted."""
        room = self.rooms.pop(pk)
        for socket in list(room.sockets):
            self._send_on_errand(socket.shut())

    def _send_on_errand(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        errand = asyncio.create_task(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)
        return errand

    async def _people(self, ids: Collection[int]) -> dict[int, Person]:
        return await query(self._archive.people, ids)


def _is_behind(room: OpenRoom) -> bool:
    return room.hinted > room.revision
