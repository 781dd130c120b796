"""Additional state of a user that `ws/notifications/` sends, registered by other features.

    register_feed(Feed(name="rooms", snapshot=rooms_snapshot, frames=room_frames))

When the state of a key (a room) may have changed for some users, `announce_state` makes every
process read it again, and send it to their tabs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A kind of state. `snapshot(user_id)` returns the fields that it adds to a `snapshot` frame.

    `frames` returns the frame for each pair of a user and a key, in a fixed number of queries.
    `totals` returns a value for each user that summarizes the state of all keys; `total_of` reads
    the same value from a frame. A difference shows that an announcement was lost: all pairs of the
    user, which `keys` returns, are then sent again. `totals` and `keys` are one query each.
    """

    name: str
    snapshot: Callable[[int], Mapping[str, Any]]
    frames: Callable[[Collection[Pair]], Mapping[Pair, Mapping[str, Any]]]
    totals: Callable[[Collection[int]], Mapping[int, Any]]
    total_of: Callable[[Mapping[str, Any]], Any]
    keys: Callable[[Collection[int]], Collection[Pair]]


_feeds: dict[str, Feed] = {}


def register_feed(feed: Feed) -> None:
    """Add a feed to the socket. Safe to repeat."""
    _feeds[feed.name] = feed


def feeds() -> list[Feed]:
    return list(_feeds.values())


def feed_named(name: str) -> Feed | None:
    return _feeds.get(name)


def snapshot_fields(user_id: int) -> dict[str, Any]:
    """Return the fields that the feeds add to a `snapshot` frame; their queries."""
    fields: dict[str, Any] = {}
    for feed in _feeds.values():
        fields |= feed.snapshot(user_id)
    return fields
