"""A room that is open in this process: its sockets, and who is there."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from typing import Any

from mainapp.forum.events import Person, PresenceFrame, RoomFrame
from mainapp.forum.fanout.archive import Head, Said, encode
from mainapp.forum.policies import Rules, permissions
from mainapp.market.fanout import TrackedSocket

TYPING_S = 1.0


class RoomSocket(TrackedSocket):
    """A client of one room, and up to where it was told.

    While it is live it gets what the hub hears. One that reads too slowly, or is being answered a
    page, is not: what it misses then it gets from the database, at its own pace. `shut` closes it,
    its room being gone.
    """

    __slots__ = (
        "catching_up",
        "is_live",
        "may",
        "needs_room",
        "person",
        "revision",
        "shut",
        "user",
    )

    def __init__(
        self,
        *,
        send: Any,
        user: Any,
        person: Person | None,
        fall_behind: Callable[["RoomSocket"], None],
        shut: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        super().__init__(
            send=send, room="", limit=0, catch_up=lambda _socket: self._fall(fall_behind)
        )
        self.user, self.person, self.shut = user, person, shut
        self.revision = 0
        self.may: list[str] = []
        self.is_live, self.needs_room = True, False
        self.catching_up: asyncio.Task[None] | None = None

    @property
    def user_id(self) -> int | None:
        return self.person["id"] if self.person else None

    def tell(self, build: Callable[[], str]) -> bool:
        """Send a frame in its turn; False when too many wait: the socket is behind from here."""
        if self.post(build, asyncio.get_running_loop().time()):
            return True
        if self.is_live:
            self.is_live, self.behind = False, True
        return False

    def tell_of_room(self, build: Callable[[], str]) -> None:
        """Send a frame that no message depends on; one that finds no place makes a `room` due."""
        if not self.tell(build):
            self.needs_room = True

    def frame_of(self, said: Said) -> str | None:
        """Return the frame that tells this client of a message, None when it knows it already."""
        if said.seq <= self.seq:
            return said.change(self.user_id)
        self.seq = said.seq
        return said.message(self.user_id)

    def _fall(self, fall_behind: Callable[["RoomSocket"], None]) -> None:
        self.behind = False
        fall_behind(self)


class OpenRoom:
    """What the hub knows of a room, up to `revision`; `hinted` is what there is to know."""

    def __init__(self, pk: int, head: Head, muted: frozenset[int]) -> None:
        self.pk = pk
        self.seq, self.revision = head.last_seq, head.revision
        self.hinted, self.rules_revision = head.revision, head.rules_revision
        self.rules = rules_of(head, muted)
        self.sockets: set[RoomSocket] = set()
        self.present: dict[int, Person] = {}
        self.elsewhere: frozenset[int] = frozenset()
        self.attended = asyncio.Event()
        self._here: Counter[int] = Counter()
        self._typed_at: dict[int, float] = {}

    # Coming and going --------------------------------------------------------------------------

    def join(self, socket: RoomSocket) -> None:
        """Take a socket in and greet it with the `room` frame."""
        socket.seq, socket.revision = self.seq, self.revision
        if socket.person:
            self._here[socket.person["id"]] += 1
            self.attend({socket.person["id"]: socket.person})
        self.sockets.add(socket)
        self.greet(socket)

    def leave(self, socket: RoomSocket) -> None:
        """Forget a socket; its user stays until `depart`."""
        self.sockets.discard(socket)

    def depart(self, user_id: int) -> None:
        """Let a user go who left with one socket, unless another is there."""
        self._here[user_id] -= 1
        self._here = +self._here
        self.attend({})

    @property
    def here(self) -> Collection[int]:
        """The users with a socket in this process, or who had one a moment ago."""
        return self._here.keys()

    def attend(self, known: Mapping[int, Person]) -> None:
        """Tell who came and who left, given the persons behind all ids that are new."""
        ids = self._here.keys() | self.elsewhere
        joined = [known[pk] for pk in ids if pk not in self.present and pk in known]
        left = [person for pk, person in self.present.items() if pk not in ids]
        if not joined and not left:
            return
        for person in left:
            del self.present[person["id"]]
        self.present |= {person["id"]: person for person in joined}
        frame = encode(PresenceFrame(type="presence", joined=joined, left=left))
        for socket in list(self.sockets):
            socket.tell_of_room(lambda: frame)

    # What is told ------------------------------------------------------------------------------

    def greet(self, socket: RoomSocket) -> None:
        """Send the `room` frame."""
        socket.may = permissions(socket.user, self.rules)
        socket.tell_of_room(lambda: self._frame(socket))

    def take_rules(self, head: Head, muted: frozenset[int]) -> None:
        """Let new rules hold, and tell those whose rights they change."""
        before, self.rules = self.rules, rules_of(head, muted)
        self.rules_revision = head.rules_revision
        for socket in list(self.sockets):
            is_same = permissions(socket.user, self.rules) == socket.may
            if not is_same or before.is_closed != self.rules.is_closed:
                self.greet(socket)

    def take_said(self, rows: Iterable[Said], revision: int) -> None:
        """Tell every live socket what was said and changed up to `revision`."""
        rows = list(rows)
        self.seq = max([self.seq, *(row.seq for row in rows)])
        self.revision = max([self.revision, revision, *(row.revision for row in rows)])
        for socket in [socket for socket in self.sockets if socket.is_live]:
            if all(self._tell_said(socket, row) for row in rows):
                socket.revision = self.revision

    def skip_to(self, revision: int) -> None:
        """Let every socket read from the database what happened until `revision`."""
        self.revision = max(self.revision, revision)
        for socket in self.sockets:
            socket.is_live = False

    def tell_typing(self, person: Person, now: float) -> bool:
        """Tell the others that somebody writes; False when that was told a moment ago."""
        if now - self._typed_at.get(person["id"], -TYPING_S) < TYPING_S:
            return False
        self._typed_at[person["id"]] = now
        frame = encode({"type": "typing", "user": person})
        for socket in list(self.sockets):
            if socket.is_live and not socket.is_busy and socket.user_id != person["id"]:
                socket.tell(lambda: frame)
        return True

    def _tell_said(self, socket: RoomSocket, said: Said) -> bool:
        seq = socket.seq
        frame = socket.frame_of(said)
        if frame is None or socket.tell(lambda: frame):
            return True
        socket.seq = seq
        return False

    def _frame(self, socket: RoomSocket) -> str:
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


def rules_of(head: Head, muted: frozenset[int]) -> Rules:
    return Rules(host_id=head.host_id, is_closed=head.is_closed, muted=muted)
