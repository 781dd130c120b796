"""Frames that may be lost: typing and read marks; and the blocks that hide them."""

from collections.abc import Callable

from mainapp.core.realtime import GroupMessage, publish, query
from mainapp.core.realtime.conflation import Conflator
from mainapp.forum.events import ROOMS, BlocksChanged, Person, RoomRead, RoomTyping
from mainapp.forum.fanout.archive import Archive
from mainapp.forum.fanout.room import OpenRoom
from mainapp.forum.fanout.rules import RulesReader

READ_S = 1.0


class PassingFrames:
    """Sends typing and read marks to sockets in `rooms`.

    `name` identifies this process, and `now` returns the loop's time.
    """

    def __init__(
        self,
        name: str,
        rooms: dict[int, OpenRoom],
        archive: Archive,
        rules: RulesReader,
        now: Callable[[], float],
    ) -> None:
        self._name = name
        self._rooms = rooms
        self._archive = archive
        self._rules = rules
        self._now = now
        self._reads = Conflator(self._send_read, period_s=READ_S)

    def stop(self) -> None:
        self._reads.stop()

    async def send_typing(self, room: OpenRoom, person: Person) -> None:
        """Notify the room's other users, in all processes, that `person` is typing.

        One query for a private room, as somebody may have been removed.
        """
        if not room.may_type(person, self._now()):
            return
        if not await self._rules.admits(room, person["id"]):
            return
        room.send_typing(person, self._now())
        body = RoomTyping(
            type="room.typing",
            room=room.pk,
            origin=self._name,
            user=person,
            rules_revision=room.rules_revision,
        )
        publish([GroupMessage(ROOMS, body, key=("typing", room.pk, person["id"]))])

    def send_read(self, room: OpenRoom, person: Person, seq: int) -> None:
        """Notify the participants in this process that `person` has read up to `seq`."""
        self._reads.put((room.pk, person["id"]), (person, seq))

    def receive_typing(self, message: RoomTyping) -> None:
        room = self._rooms.get(message["room"])
        if room and message["origin"] != self._name:
            self._rules.note(room, message["rules_revision"])
            room.send_typing(message["user"], self._now())

    def receive_read(self, message: RoomRead) -> None:
        if room := self._rooms.get(message["room"]):
            self._rules.note(room, message["rules_revision"])
            self.send_read(room, message["user"], message["seq"])

    async def receive_blocks(self, message: BlocksChanged) -> None:
        """Read the blocks of these users' sockets again, and send them the `room` frame."""
        users = set(message["users"])
        sockets = [(r, s) for r in self._rooms.values() for s in r.sockets if s.user_id in users]
        if not sockets:
            return
        blocks = await query(self._archive.blocks_of, users)
        for room, socket in sockets:
            if socket in room.sockets:
                socket.blocks = blocks[socket.user_id or 0]
                room.send_room(socket)

    def _send_read(self, key: tuple[int, int], mark: tuple[Person, int]) -> None:
        if room := self._rooms.get(key[0]):
            room.send_read(*mark)
