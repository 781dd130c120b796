"""Announcements of changes to the open pages of a club."""

from collections.abc import Collection
from typing import Literal

from mainapp.clubs.events import CLUBS, ClubChanged, ClubLeft
from mainapp.core.realtime import GroupMessage, publish_on_commit

Part = Literal["club", "members", "rooms", "list", "alerts", "portfolio", "ideas", "agenda"]


def club_changed(club_pk: int | None, part: Part) -> None:
    """Let the open pages of a club load a part again, once the transaction commits.

    None is ignored, so that features can pass the club of any row. No query.
    """
    if club_pk is not None:
        body = ClubChanged(type="club.changed", club=club_pk, part=part)
        publish_on_commit([GroupMessage(CLUBS, body, key=(club_pk, part))])


def members_left(club_pk: int, users: Collection[int] | None) -> None:
    """Close the sockets of users (None: all) who are no longer members after the commit."""
    left = None if users is None else list(users)
    body = ClubLeft(type="club.left", club=club_pk, users=left)
    publish_on_commit([GroupMessage(CLUBS, body)])
