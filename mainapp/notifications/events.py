"""Wire shapes of notifications: the group's name, its message, and the socket's frames."""

from typing import Literal, TypedDict

INBOXES = "notifications.inboxes"
ALL = 0  # as a key: all states of a feed
EVERYBODY = "public"  # as an audience


class InboxesChanged(TypedDict):
    """To the group INBOXES: the users whose inboxes changed, None for all.

    It carries no content: receivers read the changes from the database.
    """

    type: Literal["inboxes.changed"]
    users: list[int] | None


class StateChanged(TypedDict):
    """To the group INBOXES: a feed's state of `key` may have changed for these users.

    Of ALL as a key: every state.
    """

    type: Literal["inboxes.state"]
    feed: str
    key: int
    users: list[int]


class PartChanged(TypedDict):
    """To the group INBOXES: a part of pages changed for the users of an audience, or for `users`.

    It carries no content: an open page that shows the part fetches it again.
    """

    type: Literal["inboxes.part"]
    part: str
    audience: str
    users: list[int]


class Item(TypedDict):
    """A notification as the socket and the API return it; `created_at` in UTC."""

    id: int
    kind: str
    title: str
    body: str
    url: str
    created_at: str
    is_read: bool
    is_platform: bool


class Snapshot(TypedDict):
    """The newest items of an inbox, newest first; `last_id` is the id of the first one, or 0.

    Feeds (`mainapp.notifications.fanout.feeds`) add further fields.
    """

    type: Literal["snapshot"]
    unread: int
    last_id: int
    items: list[Item]


class Marked(TypedDict):
    """Ids that the user read or deleted, in any tab; `unread` is the new unread count."""

    type: Literal["read", "deleted"]
    ids: list[int]
    unread: int


class Changed(TypedDict):
    """To the tabs of those who may see it: fetch a part of the page again."""

    type: Literal["changed"]
    part: str
