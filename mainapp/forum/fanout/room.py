"""A room that is open in this process: its sockets, its rules and the present users."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from mainapp.core.realtime.frames import encode
from mainapp.forum.events import Person, PresenceFrame, RoomFrame
from mainapp.forum.fanout.archive import RoomMessage, RoomState
from mainapp.forum.fanout.sockets import RoomSocket
from mainapp.forum.policies import Rules, permissions

TYPING_S = 1.0


class OpenRoom:
    """The room's state at `revision`; `latest_revision` is the newest committed one."""

    def __init__(self, pk: int, state: RoomState, muted: frozenset[int]) -> None:
        self.pk = pk
        self.seq, self.revision = state.last_seq, state.revision
        self.latest_revision, self.rules_revision = state.revision, state.rules_revision
        self.rules = rules_of(state, muted)
        self.sockets: set[RoomSocket] = set()
        self.present: dict[int, Person] = {}
        self.elsewhere: frozenset[int] = frozenset()
        self.presence_known = asyncio.Event()
        self._here: Counter[int] = Counter()
        self._typed_at: dict[int, float] = {}

    @property
    def is_behind(self) -> bool:
        return self.latest_revision > self.revision

    # Presence ----------------------------------------------------------------------------------

    def join(self, socket: RoomSocket) -> None:
        """Add a socket and send it the `room` frame."""
        socket.seq, socket.revision = self.seq, self.revision
        if socket.person:
            self._here[socket.person["id"]] += 1
            self.update_presence({socket.person["id"]: socket.person})
        self.sockets.add(socket)
        self.send_room(socket)

    def leave(self, socket: RoomSocket) -> None:
        """Remove a socket; its user stays until `remove_user`."""
        self.sockets.discard(socket)

    def remove_user(self, user_id: int) -> None:
        """Count one socket of a user as gone; the user leaves with the last one."""
        self._here[user_id] -= 1
        self._here = +self._here
        self.update_presence({})

    @property
    def here(self) -> Collection[int]:
        """Users with a socket in this process, now or until a moment ago (see `remove_later`)."""
        return self._here.keys()

    def update_presence(self, people: Mapping[int, Person]) -> None:
        """Send the users who joined and left; `people` contains the new ones."""
        ids = self._here.keys() | self.elsewhere
        joined = [people[pk] for pk in ids if pk not in self.present and pk in people]
        left = [person for pk, person in self.present.items() if pk not in ids]
        if not joined and not left:
            return
        for person in left:
            del self.present[person["id"]]
        self.present |= {person["id"]: person for person in joined}
        frame = encode(PresenceFrame(type="presence", joined=joined, left=left))
        for socket in list(self.sockets):
            socket.write_room(lambda: frame)

    # Frames ------------------------------------------------------------------------------------

    def send_room(self, socket: RoomSocket) -> None:
        """Send the `room` frame."""
        socket.may = permissions(socket.user, self.rules)
        socket.write_room(lambda: self._room_frame(socket))

    def lacks_rules(self, state: RoomState) -> bool:
        return state.rules_revision > self.rules_revision

    def apply_rules(self, state: RoomState, muted: frozenset[int]) -> None:
        """Apply new rules, and send the `room` frame to those whose rights they change."""
        before, self.rules = self.rules, rules_of(state, muted)
        self.rules_revision = state.rules_revision
        for socket in list(self.sockets):
            is_same = permissions(socket.user, self.rules) == socket.may
            if not is_same or before.is_closed != self.rules.is_closed:
                self.send_room(socket)

    def apply_messages(self, messages: Iterable[RoomMessage], revision: int) -> None:
        """Send every live socket the messages written and changed up to `revision`."""
        messages = list(messages)
        self.seq = max([self.seq, *(message.seq for message in messages)])
        self.revision = max([self.revision, revision, *(m.revision for m in messages)])
        for socket in [socket for socket in self.sockets if socket.is_live]:
            if all(self._send_message(socket, message) for message in messages):
                socket.revision = self.revision

    def skip_to(self, revision: int) -> None:
        """Skip the changes up to `revision`; each socket reads them from the database."""
        self.revision = max(self.revision, revision)
        for socket in self.sockets:
            socket.is_live = False

    def send_typing(self, person: Person, now: float) -> bool:
        """Notify the others that `person` is typing; return False if sent within TYPING_S."""
        if now - self._typed_at.get(person["id"], -TYPING_S) < TYPING_S:
            return False
        self._typed_at[person["id"]] = now
        frame = encode({"type": "typing", "user": person})
        for socket in list(self.sockets):
            if socket.is_live and not socket.has_queued and socket.user_id != person["id"]:
                socket.write(frame)
        return True

    def _send_message(self, socket: RoomSocket, message: RoomMessage) -> bool:
        seq = socket.seq
        frame = socket.frame_of(message)
        if frame is None or socket.write(frame):
            return True
        socket.seq = seq
        return False

    def _room_frame(self, socket: RoomSocket) -> bytes:
        socket.needs_room = False
        return encode(
            RoomFrame(
                type="room",
                last_seq=max(self.seq, socket.seq),
                revision=socket.revision,
                may=socket.may,
                closed=self.rules.is_closed,
                present=list(self.present.values()),
            )
        )


def rules_of(state: RoomState, muted: frozenset[int]) -> Rules:
    return Rules(host_id=state.host_id, is_closed=state.is_closed, muted=muted)
