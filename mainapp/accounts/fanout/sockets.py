"""The sockets of `ws/presence/`, and the people in their frames."""

from collections.abc import Collection
from datetime import UTC, datetime

from mainapp.accounts.fanout.circles import Circle, Online, View
from mainapp.core.realtime import SocketWriter
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.writer import Send, TrySend, never_sends


class EncodedPeople:
    """People as JSON, each encoded once for all sockets."""

    def __init__(self, online: Online) -> None:
        self._online = online
        self._encoded: dict[int, bytes] = {}
        self._left_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def join(self, ids: Collection[int]) -> bytes:
        return b",".join([self._person(pk) for pk in ids])

    def left(self, ids: Collection[int]) -> bytes:
        """Return people who left or hid themselves; the frame does not reveal which."""
        return encode([{"id": pk, "last_seen": self._left_at} for pk in ids])

    def _person(self, pk: int) -> bytes:
        if pk not in self._encoded:
            person = self._online.people[pk]
            self._encoded[pk] = encode(
                {"id": person.id, "name": person.name, "avatar": person.avatar}
            )
        return self._encoded[pk]


class PresenceSocket(SocketWriter):
    """A tab, with the people (`named`) and the `count` that it was last sent."""

    __slots__ = ("count", "due_at", "is_dirty", "named", "user_id", "view")

    def __init__(self, user_id: int, send: Send, try_send: TrySend = never_sends) -> None:
        super().__init__(send, try_send)
        self.user_id = user_id
        self.view: View | None = None
        self.named: set[int] | None = None  # before the first frame
        self.count = 0
        self.due_at = 0.0
        self.is_dirty = True

    def is_concerned(self, changed: frozenset[Circle]) -> bool:
        """Return whether a change of these circles can be seen by the socket's user."""
        return self.view is not None and not (
            changed.isdisjoint(self.view.private) and changed.isdisjoint(self.view.open)
        )

    def frame(self, online: Online, encoded: EncodedPeople) -> bytes | None:
        """Return the next frame, and record it as sent; None if nothing has changed."""
        assert self.view is not None
        named, count = online.named_for(self.view, self.named or ()), online.count_for(self.view)
        before, self.named = self.named, named
        self.is_dirty = False
        if before is None:
            self.count = count
            return b'{"type":"presence","online":[%b],"count":%d}' % (encoded.join(named), count)
        if before == named and self.count == count:
            return None
        self.count = count
        joined, left = encoded.join(named - before), encoded.left(before - named)
        return b'{"type":"presence","joined":[%b],"left":%b,"count":%d}' % (joined, left, count)
