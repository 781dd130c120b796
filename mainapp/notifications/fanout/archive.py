"""The inbox hub's interface to the database."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mainapp.notifications.events import Item, Marked


class LatestIds(NamedTuple):
    """The highest ids of notifications and of marks; later commits have higher ones."""

    notification: int
    mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChanges:
    """New items with their user (None: everybody's); marks as (user, their numbers, frame)."""

    items: list[tuple[int | None, Item]]
    marked: list[tuple[int, list[int], Marked]]


class Archive(Protocol):
    """The queries that the hub runs on its query threads."""

    def latest_ids(self) -> LatestIds: ...

    def changes(
        self, after: LatestIds, until: LatestIds, users: Collection[int]
    ) -> InboxChanges: ...
