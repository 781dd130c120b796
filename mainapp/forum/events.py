"""Names and wire shapes: the channel group, its hints, and the frames of `ws/room/<pk>/`.

Rules for clients: order messages by `seq`, drop a `seq` already received, and after a gap (a
reconnect) send `resume {after: the last seq before the gap}` until `more` is false. Live messages
are sent after the page that answers a `resume`, never before it.
"""

from typing import Any, Literal, NotRequired, TypedDict

ROOMS = "forum.rooms"


class Person(TypedDict):
    """A user's public data; `avatar` is the URL of a 48-pixel picture."""

    id: int
    name: str
    avatar: str | None


class Reply(TypedDict):
    """The message that another one replies to.

    `user` is None and `excerpt` empty if the reader may not read it, or it is deleted.
    """

    seq: int
    user: Person | None
    excerpt: str


class ReactionCount(TypedDict):
    """The number of people with this reaction; `mine` if the reader is one of them."""

    emoji: str
    count: int
    mine: bool


class MessageItem(TypedDict):
    """A message, in a `message` frame or among the `items` of `messages`.

    A deleted message is a tombstone: `"deleted": true`, an empty body_html and content. `user` is
    None when the account was deleted. Only the author receives `client_id` and `body`.
    """

    id: int
    seq: int
    user: Person | None
    kind: str
    content: dict[str, Any]
    body_html: str
    reply_to: Reply | None
    reactions: list[ReactionCount]
    sent_at: str
    client_id: NotRequired[str]
    body: NotRequired[str]
    edited_at: NotRequired[str]
    deleted: NotRequired[Literal[True]]


class ReadMark(TypedDict):
    user: int
    seq: int


class RoomFrame(TypedDict):
    """First frame of a socket; sent again when the user's permissions change.

    `may` lists permissions: `send edit delete report` (edit and delete only one's own messages)
    and, for moderators, `delete_any mute close`. `revision` counts all changes to the room: a
    client that sends it in a later `resume` receives the edits and deletions that it missed.

    A private room has its `kind`, and in `reads` the newest message that each other participant has
    read. `blocked` has the users whom the reader blocks, if any: their messages are folded.
    """

    type: Literal["room"]
    last_seq: int
    revision: int
    may: list[str]
    closed: bool
    present: list[Person]
    kind: NotRequired[str]
    reads: NotRequired[list[ReadMark]]
    blocked: NotRequired[list[int]]


class MessagesFrame(TypedDict):
    """Reply to `resume {after, revision?}`: at most 100 messages after `after`, without gaps.

    If `more` is true, resume after the last of them. If `revision` was sent, `edited` and `deleted`
    frames follow for the older messages that changed since then.
    """

    type: Literal["messages"]
    items: list[MessageItem]
    more: bool
    revision: int
    id: NotRequired[Any]


class AckFrame(TypedDict):
    """Reply to `send {client_id, body}` once the message is committed.

    `not_notified` has the mentioned usernames that are outside of the private room, if any.
    """

    type: Literal["ack"]
    client_id: NotRequired[str]
    seq: int
    not_notified: NotRequired[list[str]]
    id: NotRequired[Any]


class EditedFrame(TypedDict):
    type: Literal["edited"]
    id: int
    seq: int
    content: dict[str, Any]
    body_html: str
    edited_at: str
    body: NotRequired[str]


class DeletedFrame(TypedDict):
    type: Literal["deleted"]
    id: int
    seq: int


class ReactedFrame(TypedDict):
    """All reactions to a message, after one was added or removed."""

    type: Literal["reacted"]
    id: int
    seq: int
    reactions: list[ReactionCount]


class ReadFrame(TypedDict):
    """Another participant of a private room has read it up to `seq`.

    Sent at most once a second per person.
    """

    type: Literal["read"]
    user: Person
    seq: int


class TypingFrame(TypedDict):
    """Another user is typing; sent at most once a second per user."""

    type: Literal["typing"]
    user: Person


class PresenceFrame(TypedDict):
    type: Literal["presence"]
    joined: list[Person]
    left: list[Person]


# Frames of `ws/notifications/` -------------------------------------------------------------------


class LastMessage(TypedDict):
    """The newest message of a room; `excerpt` is plain text, empty for a deleted message."""

    seq: int
    user: Person | None
    kind: str
    excerpt: str
    sent_at: str


class RoomState(TypedDict):
    """A private room of the user has changed; at most once a second a room.

    `rooms_unread` is the number of unread messages in all of the user's private rooms.
    """

    type: Literal["room_state"]
    room: int
    unread: int
    last: LastMessage | None
    muted: bool
    rooms_unread: int


class RoomGone(TypedDict):
    """A private room is no longer in the user's list."""

    type: Literal["room_gone"]
    room: int
    rooms_unread: int


# Messages to the group `forum.rooms`. They are hints and may be lost. ---------------------------


class RoomChanged(TypedDict):
    """A room has reached these revisions; the changes are read from the database."""

    type: Literal["room.changed"]
    room: int
    revision: int
    rules_revision: int


class RoomTyping(TypedDict):
    """A user is typing; the process `origin` has already sent this to its own sockets.

    It is not sent to anybody before the room's rules are as new as `rules_revision`.
    """

    type: Literal["room.typing"]
    room: int
    origin: str
    user: Person
    rules_revision: int


class RoomRead(TypedDict):
    """A participant of a private room has read it up to `seq`; sent by every process."""

    type: Literal["room.read"]
    room: int
    user: Person
    seq: int
    rules_revision: int


class BlocksChanged(TypedDict):
    """The blocks between these users have changed."""

    type: Literal["blocks.changed"]
    users: list[int]
