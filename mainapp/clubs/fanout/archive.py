"""The clubs hub's interface to the database."""

from collections.abc import Collection
from typing import Protocol

Membership = tuple[int, int]  # ids of a club and a user


class Archive(Protocol):
    """The query that the hub runs on its query threads."""

    def members_among(self, memberships: Collection[Membership]) -> set[Membership]:
        """Return those of the memberships that exist."""
