"""The hub's interface to the database, and the frames of the messages that it returns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from mainapp.accounts.selectors import Blocks
from mainapp.core.realtime.frames import encode
from mainapp.forum.events import MessageItem, Person, ReactionCount, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """A room's counters and rules, from one row of the database."""

    last_seq: int
    revision: int
    rules_revision: int
    host_id: int | None
    is_closed: bool
    kind: str


class Member(NamedTuple):
    """A participant of a private room; messages up to `joined_seq` are not theirs to read.

    `moderates` is true for the managers of a club's room.
    """

    joined_seq: int
    read_seq: int
    moderates: bool = False


class Reader(NamedTuple):
    """The user for whom a frame is built; in a group, with the last message before they joined."""

    user_id: int | None
    joined_seq: int = 0


@dataclass(frozen=True, kw_only=True)
class RoomMessage:
    """A message in its current state; readers who see the same share an encoded frame."""

    room_pk: int
    revision: int
    author_id: int | None
    item: MessageItem  # with the message that it replies to, and without reactions
    own: dict[str, str]  # `client_id` and `body`, for its author
    reacted_revision: int = 0
    reactions: Mapping[str, frozenset[int]] = field(default_factory=dict)  # people by emoji
    _frames: dict[Any, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def seq(self) -> int:
        return self.item["seq"]

    def message(self, reader: Reader) -> bytes:
        """Return its `message` frame for a reader; a tombstone when it is deleted."""
        key = ("message", self._is_by(reader), self._may_quote(reader), self._own_emoji(reader))
        return self._encoded(key, lambda: {"type": "message", **self.item_for(reader)})

    def changes(self, reader: Reader, *, since: int) -> list[bytes]:
        """Return its `deleted`, `edited` and `reacted` frames for a reader of revision `since`."""
        numbers = {"id": self.item["id"], "seq": self.seq}
        if "deleted" in self.item:
            return [self._encoded("deleted", lambda: {"type": "deleted", **numbers})]
        frames = []
        if "edited_at" in self.item:
            is_own = self._is_by(reader)
            frames.append(self._encoded(("edited", is_own), lambda: self._edit(is_own=is_own)))
        if self.reacted_revision > since:
            reactions = self.reactions_for(reader)
            key = ("reacted", self._own_emoji(reader))
            frame = {"type": "reacted", **numbers, "reactions": reactions}
            frames.append(self._encoded(key, lambda: frame))
        return frames

    def item_for(self, reader: Reader) -> dict[str, Any]:
        item: dict[str, Any] = {**self.item, "reactions": self.reactions_for(reader)}
        reply = self.item["reply_to"]
        if reply and not self._may_quote(reader):
            item["reply_to"] = Reply(seq=reply["seq"], user=None, excerpt="")
        return {**item, **(self.own if self._is_by(reader) else {})}

    def reactions_for(self, reader: Reader) -> list[ReactionCount]:
        return [
            ReactionCount(emoji=emoji, count=len(users), mine=reader.user_id in users)
            for emoji, users in self.reactions.items()
        ]

    def _is_by(self, reader: Reader) -> bool:
        return reader.user_id is not None and reader.user_id == self.author_id

    def _may_quote(self, reader: Reader) -> bool:
        reply = self.item["reply_to"]
        return reply is None or reply["seq"] > reader.joined_seq

    def _own_emoji(self, reader: Reader) -> frozenset[str]:
        return frozenset(e for e, users in self.reactions.items() if reader.user_id in users)

    def _encoded(self, key: Any, build: Any) -> bytes:
        if key not in self._frames:
            self._frames[key] = encode(build())
        return self._frames[key]

    def _edit(self, *, is_own: bool) -> dict[str, Any]:
        names = ("id", "seq", "content", "body_html", "edited_at")
        frame = {"type": "edited"} | {name: self.item[name] for name in names}  # type: ignore[literal-required] # the names above
        return frame | ({"body": self.own["body"]} if is_own else {})


class Archive(Protocol):
    """The queries that the hub runs on its query threads."""

    def room_states(self, rooms: Collection[int]) -> dict[int, RoomState]:
        """Return the rooms that exist. One query."""

    def muted(self, rooms: Collection[int]) -> dict[int, frozenset[int]]:
        """Return the muted users of each room. One query."""

    def members(self, rooms: Collection[int]) -> dict[int, dict[int, Member]]:
        """Return the participants of each private room, the oldest first. One query."""

    def messages_since(
        self,
        revisions: Mapping[int, int],
        *,
        after: int = 0,
        limit: int | None = None,
        reader_id: int | None = None,
    ) -> list[RoomMessage]:
        """Return the messages that changed in each room since its revision, by number.

        With `reader_id`, only those that this user may read now.
        """

    def people(self, ids: Collection[int]) -> dict[int, Person]:
        """Return the users that exist. One query."""

    def hidden_users(self, ids: Collection[int]) -> set[int]:
        """Return those of the users who hide their presence. One query."""

    def blocks_of(self, users: Collection[int]) -> dict[int, Blocks]:
        """Return the blocks of users. One query."""
