"""Channel group and messages about clubs, and the frames of `ws/club/<slug>/`."""

from typing import Literal, TypedDict

CLUBS = "clubs.changes"


class ClubChanged(TypedDict):
    """To the group CLUBS: a part of a club's page has changed. It carries no content."""

    type: Literal["club.changed"]
    club: int
    part: str


class ClubLeft(TypedDict):
    """To the group CLUBS: these users (None: all) may have stopped being members."""

    type: Literal["club.left"]
    club: int
    users: list[int] | None


class Changed(TypedDict):
    """To the members' sockets: load a part of the page again."""

    type: Literal["changed"]
    part: str


class RoomGone(TypedDict):
    """To a user who is no longer a member, before the socket is closed with 4404."""

    type: Literal["room_gone"]
