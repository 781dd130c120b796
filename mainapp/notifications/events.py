"""Names and wire shapes: the group of the channel layer, its hint, and the socket's frames."""

from typing import Literal, TypedDict

INBOXES = "notifications.inboxes"


class InboxesChanged(TypedDict):
    """To the group INBOXES: whose inboxes changed, None for all; the database says how."""

    type: Literal["inboxes.changed"]
    users: list[int] | None


class Item(TypedDict):
    """A notification as the socket and the API give it; `created_at` in UTC."""

    id: int
    kind: str
    title: str
    body: str
    url: str
    created_at: str
    is_read: bool
    is_platform: bool


class Snapshot(TypedDict):
    """An inbox as it stands: its newest items, newest first; `last_id` is the newest of them."""

    type: Literal["snapshot"]
    unread: int
    last_id: int
    items: list[Item]


class Marked(TypedDict):
    """What the user read or deleted, in this tab or another; `unread` is left."""

    type: Literal["read", "deleted"]
    ids: list[int]
    unread: int
