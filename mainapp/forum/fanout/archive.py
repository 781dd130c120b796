"""The hub's interface to the database, and the frames of the messages that it returns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from mainapp.core.realtime.frames import encode
from mainapp.forum.events import MessageItem, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """A room's counters and rules, from one row of the database."""

    last_seq: int
    revision: int
    rules_revision: int
    host_id: int | None
    is_closed: bool


@dataclass(frozen=True, kw_only=True)
class RoomMessage:
    """A message in its current state; each of its frames is encoded once for all readers."""

    room_pk: int
    revision: int
    author_id: int | None
    item: MessageItem
    own: dict[str, str]  # `client_id` and `body`, for its author

    @property
    def seq(self) -> int:
        return self.item["seq"]

    def message(self, reader_id: int | None) -> bytes:
        """Return its `message` frame for a reader; a tombstone when it is deleted."""
        return self._own_message if self._is_by(reader_id) else self._message

    def change(self, reader_id: int | None) -> bytes | None:
        """Return its `edited` or `deleted` frame, None when it was never changed."""
        if "deleted" in self.item:
            return self._deleted
        if "edited_at" not in self.item:
            return None
        return self._own_edited if self._is_by(reader_id) else self._edited

    def item_for(self, reader_id: int | None) -> dict[str, Any]:
        return {**self.item, **(self.own if self._is_by(reader_id) else {})}

    def _is_by(self, reader_id: int | None) -> bool:
        return reader_id is not None and reader_id == self.author_id

    @cached_property
    def _message(self) -> bytes:
        return encode({"type": "message"} | self.item)

    @cached_property
    def _own_message(self) -> bytes:
        return encode({"type": "message"} | self.item | self.own)

    @cached_property
    def _deleted(self) -> bytes:
        return encode({"type": "deleted", "id": self.item["id"], "seq": self.seq})

    @cached_property
    def _edited(self) -> bytes:
        return encode(self._edit())

    @cached_property
    def _own_edited(self) -> bytes:
        return encode(self._edit() | {"body": self.own["body"]})

    def _edit(self) -> dict[str, Any]:
        names = ("id", "seq", "body_html", "edited_at")
        return {"type": "edited"} | {name: self.item[name] for name in names}  # type: ignore[literal-required] # the names above


class Archive(Protocol):
    """The queries that the hub runs on its query threads."""

    def room_states(self, rooms: Collection[int]) -> dict[int, RoomState]:
        """Return the rooms that exist. One query."""

    def muted(self, rooms: Collection[int]) -> dict[int, frozenset[int]]:
        """Return the muted users of each room. One query."""

    def messages_since(
        self, revisions: Mapping[int, int], *, after: int = 0, limit: int | None = None
    ) -> list[RoomMessage]:
        """Return the messages that changed in each room since its revision, by number."""

    def people(self, ids: Collection[int]) -> dict[int, Person]:
        """Return the users that exist. One query."""
