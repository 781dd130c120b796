"""A client's socket in a room, and its catch-up from the database after it fell behind."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from django.db import Error

from mainapp.accounts.selectors import NO_BLOCKS, Blocks
from mainapp.core.realtime import query
from mainapp.core.realtime.writer import Build, Send, SocketWriter, TrySend, never_sends
from mainapp.forum.events import Person
from mainapp.forum.fanout.archive import Archive, Reader, RoomMessage

if TYPE_CHECKING:
    from mainapp.forum.fanout.room import OpenRoom

logger = logging.getLogger(__name__)

PAGE = 100
RETRY_S = 0.5


class RoomSocket(SocketWriter):
    """A client of one room; it was sent everything up to the number `seq` and the `revision`.

    A live socket gets changes from the hub. A socket that reads too slowly, or is being sent a
    page, is not live: it gets the missed changes from the database, as fast as it reads.
    """

    __slots__ = (
        "_fall_behind",
        "blocks",
        "catching_up",
        "close_room",
        "hides_presence",
        "is_behind",
        "is_counted",
        "is_live",
        "joined_seq",
        "may",
        "needs_room",
        "person",
        "revision",
        "seq",
        "user",
    )

    def __init__(
        self,
        *,
        send: Send,
        try_send: TrySend = never_sends,
        user: Any,
        person: Person | None,
        fall_behind: Callable[["RoomSocket"], None],
        close_room: Callable[[], Coroutine[Any, Any, None]],
        blocks: Blocks = NO_BLOCKS,
        hides_presence: bool = False,
    ) -> None:
        """`fall_behind` is called when a slow client reads again.

        `close_room` is called when the room is deleted, or the user no longer takes part.
        """
        super().__init__(send, try_send)
        self.user, self.person = user, person
        self.close_room = close_room
        self._fall_behind = fall_behind
        self.blocks = blocks
        self.hides_presence = hides_presence
        self.is_counted = False  # among those who are here
        self.seq = self.revision = self.joined_seq = 0
        self.may: list[str] = []
        self.is_live, self.is_behind, self.needs_room = True, False, False
        self.catching_up: asyncio.Task[None] | None = None

    @property
    def user_id(self) -> int | None:
        return self.person["id"] if self.person else None

    @property
    def reader(self) -> Reader:
        return Reader(self.user_id, self.joined_seq)

    def may_notice(self, person: Person) -> bool:
        """Return whether the user may see that a person is here, types or has read.

        Users do not see people who block them.
        """
        return person["id"] not in self.blocks.of

    def write(self, frame: bytes | Build) -> bool:
        """Send or queue a frame; return False if the queue is full: the socket falls behind."""
        if super().write(frame):
            return True
        if self.is_live:
            self.is_live, self.is_behind = False, True
        return False

    def write_room(self, build: Build) -> None:
        """Send a frame without a message, or a `room` frame later if the queue is full."""
        if not self.write(build):
            self.needs_room = True

    def next_frame(self) -> bytes | None:
        frame = super().next_frame()
        if frame is None and self.is_behind and not self.is_closed:
            self.is_behind = False
            self._fall_behind(self)
        return frame

    def frames_of(self, message: RoomMessage) -> list[bytes]:
        """Return the frames that this client needs for a message; none if it is up to date."""
        if message.seq <= self.joined_seq:
            return []
        if message.seq <= self.seq:
            return message.changes(self.reader, since=self.revision)
        self.seq = message.seq
        return [message.message(self.reader)]


class CatchUp:
    """Sends missed changes from the database to sockets that are not live, as fast as they read."""

    def __init__(
        self,
        archive: Archive,
        run_in_background: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"],
    ) -> None:
        self._archive = archive
        self._run_in_background = run_in_background

    def start(self, room: "OpenRoom", socket: RoomSocket) -> None:
        """Send a socket its missed changes, then make it live again. Safe to repeat."""
        if socket.catching_up is None and not socket.is_live:
            socket.catching_up = self._run_in_background(self._catch_up(room, socket))

    async def _catch_up(self, room: "OpenRoom", socket: RoomSocket) -> None:
        try:
            while not socket.is_closed and socket.revision < room.revision:
                upto = room.revision
                try:
                    await self._send_missed(room, socket)
                except Error as error:
                    logger.warning("a socket waits for the database: %s", error)
                    await asyncio.sleep(RETRY_S)
                else:
                    socket.revision = upto
            await socket.drained()
        finally:
            socket.catching_up = None
        if socket.revision < room.revision:
            self.start(room, socket)
            return
        socket.is_live = True
        if socket.needs_room:
            room.send_room(socket)

    async def _send_missed(self, room: "OpenRoom", socket: RoomSocket) -> None:
        since, after, is_more = {room.pk: socket.revision}, 0, True
        reader_id = socket.user_id if room.rules.is_private else None
        while is_more and not socket.is_closed:
            messages = await query(
                self._archive.messages_since, since, after=after, limit=PAGE, reader_id=reader_id
            )
            for message in messages:
                for frame in socket.frames_of(message):
                    await socket.drained()
                    socket.write(frame)
                after = message.seq
            is_more = len(messages) == PAGE
