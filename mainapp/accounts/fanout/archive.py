"""The database queries of the hub of `ws/presence/`, as a protocol."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from mainapp.accounts.fanout.circles import View, VisiblePerson


class Archive(Protocol):
    """The queries that the hub runs on its query threads."""

    def visible_people(self, ids: Collection[int]) -> Mapping[int, VisiblePerson]:
        """Return the active users who do not hide, with their circles."""

    def views_of(self, users: Collection[int], at: datetime) -> Mapping[int, View]:
        """Return the view of each user."""
