"""Names and wire shapes: the layer's group, its hints, and the frames of `ws/room/<pk>/`.

What one who follows the contract can build on: order messages by `seq`, drop a `seq` that is there
already, and answer a gap (after a reconnect) with `resume {after: the last of the whole sequence}`
until `more` is false. Live messages follow the page that is being answered, never overtake it.
"""

from typing import Any, Literal, NotRequired, TypedDict

ROOMS = "forum.rooms"


class Person(TypedDict):
    """A user as others see them; `avatar` is the address of a picture of 48 pixels."""

    id: int
    name: str
    avatar: str | None


class MessageItem(TypedDict):
    """A message, in a `message` frame or among the `items` of `messages`.

    A deleted one is a tombstone, `"deleted": true` with an empty body_html. `user` is None when
    the account is gone. `client_id` and `body` are there for its author only.
    """

    id: int
    seq: int
    user: Person | None
    body_html: str
    sent_at: str
    client_id: NotRequired[str]
    body: NotRequired[str]
    edited_at: NotRequired[str]
    deleted: NotRequired[Literal[True]]


class RoomFrame(TypedDict):
    """Greets a socket, and comes again when what this user may do has changed.

    `may` holds of `send edit delete report` (one's own, for edit and delete) and, for who keeps
    order, `delete_any mute close`. `revision` counts all changes: given back in a later `resume`,
    it brings the edits and deletions that were missed.
    """

    type: Literal["room"]
    last_seq: int
    revision: int
    may: list[str]
    closed: bool
    present: list[Person]


class MessagesFrame(TypedDict):
    """Answers `resume {after, revision?}`: what follows `after`, at most 100, in order, no gap.

    With `more` resume after the last of them. `edited` and `deleted` frames follow for older
    messages that changed since `revision`, if it was given.
    """

    type: Literal["messages"]
    items: list[MessageItem]
    more: bool
    revision: int
    id: NotRequired[Any]


class AckFrame(TypedDict):
    """Answers `send {client_id, body}` once the message is committed."""

    type: Literal["ack"]
    client_id: str
    seq: int
    id: NotRequired[Any]


class EditedFrame(TypedDict):
    type: Literal["edited"]
    id: int
    seq: int
    body_html: str
    edited_at: str
    body: NotRequired[str]


class DeletedFrame(TypedDict):
    type: Literal["deleted"]
    id: int
    seq: int


class TypingFrame(TypedDict):
    """Somebody else writes; comes at most once a second of each."""

    type: Literal["typing"]
    user: Person


class PresenceFrame(TypedDict):
    type: Literal["presence"]
    joined: list[Person]
    left: list[Person]


# Messages to the group `forum.rooms`: hints, that may be lost. ---------------------------------


class RoomChanged(TypedDict):
    """A room has come to these revisions; the database holds what they are."""

    type: Literal["room.changed"]
    room: int
    revision: int
    rules_revision: int


class RoomTyping(TypedDict):
    """Somebody is typing; `origin` is the process that has already sent it to its own sockets."""

    type: Literal["room.typing"]
    room: int
    origin: str
    user: Person
