"""Announcing changes of feeds' states, and of parts of pages, to open tabs."""

from collections.abc import Collection

from mainapp.core.realtime import GroupMessage, publish_on_commit
from mainapp.notifications.events import ALL, INBOXES, PartChanged, StateChanged

MANY = 200


def announce_state(*, feed: str, key: int, users: Collection[int]) -> None:
    """Make every process read a feed's state of `key` for these users after the commit.

    The message is a hint and may be lost.
    """
    if users:
        ids = sorted(users)
        body = StateChanged(type="inboxes.state", feed=feed, key=key, users=ids)
        publish_on_commit([GroupMessage(INBOXES, body, key=(feed, key, tuple(ids)))])


def announce_states(*, feed: str, keys: Collection[int], user: int) -> None:
    """Announce a user's states of `keys`; of more than MANY, all states of the feed at once.

    The publishing queue would drop some of thousands of messages.
    """
    for key in keys if len(keys) <= MANY else [ALL]:
        announce_state(feed=feed, key=key, users=[user])


def announce_part(*, part: str, audience: str = "", users: Collection[int] = ()) -> None:
    """Make the open pages of an audience, or of these users, fetch a part again after the commit.

    `audience` is a key such as `club:3`, or EVERYBODY; who is in it is read when the tabs are told.
    The message is a hint and may be lost. No query.
    """
    ids = sorted(users)
    body = PartChanged(type="inboxes.part", part=part, audience=audience, users=ids)
    publish_on_commit([GroupMessage(INBOXES, body, key=("part", part, audience, tuple(ids)))])
