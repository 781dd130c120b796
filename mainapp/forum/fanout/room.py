"""A room that is open in this process: its sockets, its rules and the present users."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from mainapp.core.realtime.frames import encode
from mainapp.forum.events import Person, PresenceFrame, ReadFrame, ReadMark, RoomFrame
from mainapp.forum.fanout.archive import Member, RoomMessage, RoomState
from mainapp.forum.fanout.sockets import RoomSocket
from mainapp.forum.policies import GROUP, Rules, permissions

TYPING_S = 1.0


class OpenRoom:
    """The room's state at `revision`; `latest_revision` is the newest committed one.

    A private room is suspended while its rules are known to be older than `latest_rules`: somebody
    may have been removed, so nothing is sent before the rules have been read.
    """

    def __init__(
        self, pk: int, state: RoomState, muted: frozenset[int], members: Mapping[int, Member]
    ) -> None:
        self.pk = pk
        self.seq, self.revision = state.last_seq, state.revision
        self.latest_revision, self.rules_revision = state.revision, state.rules_revision
        self.latest_rules, self.hints = state.rules_revision, 0
        self.rules = rules_of(state, muted, members)
        self.reads = {user: member.read_seq for user, member in members.items()}
        self.sockets: set[RoomSocket] = set()
        self.present: dict[int, Person] = {}
        self.elsewhere: frozenset[int] = frozenset()
        self.presence_known = asyncio.Event()
        self._here: Counter[int] = Counter()
        self._typed_at: dict[int, float] = {}

    @property
    def place(self) -> str:
        """The name of its leases."""
        return f"room:{self.pk}"

    @property
    def is_behind(self) -> bool:
        return self.latest_revision > self.revision

    @property
    def is_suspended(self) -> bool:
        return self.rules.is_private and self.latest_rules > self.rules_revision

    def may_read(self, user_id: int | None) -> bool:
        return not self.rules.is_private or user_id in self.rules.members

    # Presence ----------------------------------------------------------------------------------

    def join(self, socket: RoomSocket) -> None:
        """Add a socket and send it the `room` frame."""
        socket.seq, socket.revision = self.seq, self.revision
        socket.joined_seq = self.rules.members.get(socket.user_id or 0, 0)
        self.count(socket)
        self.sockets.add(socket)
        self.send_room(socket)

    def count(self, socket: RoomSocket) -> None:
        """Count a socket among those who are here, unless its user hides. Safe to repeat."""
        if socket.person and not socket.hides_presence and not socket.is_counted:
            socket.is_counted = True
            self._here[socket.person["id"]] += 1
            self.update_presence({socket.person["id"]: socket.person})

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
        if self.is_suspended:
            return
        ids = {pk for pk in self._here.keys() | self.elsewhere if self.may_read(pk)}
        joined = [people[pk] for pk in ids if pk not in self.present and pk in people]
        left = [person for pk, person in self.present.items() if pk not in ids]
        if not joined and not left:
            return
        for person in left:
            del self.present[person["id"]]
        self.present |= {person["id"]: person for person in joined}
        frame = encode(PresenceFrame(type="presence", joined=joined, left=left))
        for socket in list(self.sockets):
            if all(socket.may_notice(person) for person in (*joined, *left)):
                socket.write_room(lambda: frame)
            else:
                self._send_noticed(socket, joined, left)

    def _send_noticed(self, socket: RoomSocket, joined: list[Person], left: list[Person]) -> None:
        joined, left = ([p for p in people if socket.may_notice(p)] for people in (joined, left))
        if joined or left:
            frame = encode(PresenceFrame(type="presence", joined=joined, left=left))
            socket.write_room(lambda: frame)

    # Frames ------------------------------------------------------------------------------------

    def send_room(self, socket: RoomSocket) -> None:
        """Send the `room` frame."""
        socket.may = permissions(socket.user, self.rules)
        socket.write_room(lambda: self._room_frame(socket))

    def lacks_rules(self, state: RoomState) -> bool:
        return state.rules_revision > self.rules_revision

    def apply_rules(
        self, state: RoomState, muted: frozenset[int], members: Mapping[int, Member]
    ) -> list[RoomSocket]:
        """Apply new rules; return the sockets of users who may no longer read the room.

        Sends the `room` frame to those whose rights have changed.
        """
        before, self.rules = self.rules, rules_of(state, muted, members)
        self.rules_revision = state.rules_revision
        for user, member in members.items():
            self.reads[user] = max(member.read_seq, self.reads.get(user, 0))
        outsiders = [socket for socket in self.sockets if not self.may_read(socket.user_id)]
        for socket in self.sockets.difference(outsiders):
            socket.joined_seq = self.rules.members.get(socket.user_id or 0, 0)
            is_same = permissions(socket.user, self.rules) == socket.may
            if not is_same or before.is_closed != self.rules.is_closed:
                self.send_room(socket)
        return outsiders

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

    def may_type(self, person: Person, now: float) -> bool:
        """Return False if `send_typing` was called for this person within TYPING_S."""
        return now - self._typed_at.get(person["id"], -TYPING_S) >= TYPING_S

    def send_typing(self, person: Person, now: float) -> None:
        """Notify the others that `person` is typing; at most once within TYPING_S."""
        if not self.may_type(person, now) or self.is_suspended:
            return
        self._typed_at[person["id"]] = now
        self._send_to_others(person, encode({"type": "typing", "user": person}))

    def send_read(self, person: Person, seq: int) -> None:
        """Notify the other participants that `person` has read the room up to `seq`."""
        is_new = seq > self.reads.get(person["id"], 0)
        if is_new and not self.is_suspended and self.may_read(person["id"]):
            self.reads[person["id"]] = seq
            self._send_to_others(person, encode(ReadFrame(type="read", user=person, seq=seq)))

    def _send_to_others(self, person: Person, frame: bytes) -> None:
        """Send a frame that may be lost to those who keep up."""
        for socket in list(self.sockets):
            is_other = socket.user_id != person["id"] and socket.may_notice(person)
            if is_other and socket.is_live and not socket.has_queued:
                socket.write(frame)

    def _send_message(self, socket: RoomSocket, message: RoomMessage) -> bool:
        seq = socket.seq
        if all(socket.write(frame) for frame in socket.frames_of(message)):
            return True
        socket.seq = seq
        return False

    def _room_frame(self, socket: RoomSocket) -> bytes:
        socket.needs_room = False
        frame = RoomFrame(
            type="room",
            last_seq=max(self.seq, socket.seq),
            revision=socket.revision,
            may=socket.may,
            closed=self.rules.is_closed,
            present=[person for person in self.present.values() if socket.may_notice(person)],
        )
        if socket.blocks.by:
            frame["blocked"] = sorted(socket.blocks.by)
        if self.rules.is_private:
            frame["kind"] = self.rules.kind
            frame["reads"] = [
                ReadMark(user=user, seq=self.reads.get(user, 0))
                for user in self.rules.members
                if user != socket.user_id and user not in socket.blocks.of
            ]
        return encode(frame)


def rules_of(state: RoomState, muted: frozenset[int], members: Mapping[int, Member]) -> Rules:
    """Return a room's rules; a group without its host is hosted by its oldest participant."""
    host_id = state.host_id
    if state.kind == GROUP and host_id not in members:
        host_id = next(iter(members), None)
    return Rules(
        host_id=host_id,
        is_closed=state.is_closed,
        muted=muted,
        kind=state.kind,
        members={user: member.joined_seq for user, member in members.items()},
        moderators=frozenset(user for user, member in members.items() if member.moderates),
    )
