"""Queries for the sockets: the states of rooms, and messages in their wire shape."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url, blocks_of
from mainapp.accounts.selectors.presence import hidden_users
from mainapp.core.audience import Audience
from mainapp.core.rendering import excerpt
from mainapp.forum.events import MessageItem, Person, Reply
from mainapp.forum.fanout.archive import Member, Reader, RoomMessage, RoomState
from mainapp.forum.models import Message, MessageQuerySet, Participant, Reaction, Room
from mainapp.forum.policies import EMOJI
from mainapp.market.quotes import iso

__all__ = [
    "blocks_of",
    "changed_since",
    "hidden_users",
    "members",
    "messages_after",
    "messages_since",
    "muted",
    "people",
    "room_states",
]

MESSAGE = "message"  # the kind of an audience
PAGE = 100
# The largest value of the column `seq`; PostgreSQL rejects a larger number in a query.
MAX_SEQ = 2**31 - 1


def room_states(rooms: Collection[int]) -> dict[int, RoomState]:
    """Return the counters, host and closed state of the existing rooms; one query."""
    columns = ("pk", "last_seq", "revision", "rules_revision", "host_id", "is_closed", "kind")
    return {
        pk: RoomState(
            last_seq=seq,
            revision=revision,
            rules_revision=rules,
            host_id=host,
            is_closed=closed,
            kind=kind,
        )
        for pk, seq, revision, rules, host, closed, kind in Room.objects.filter(
            pk__in=rooms
        ).values_list(*columns)
    }


def readable_room(room_pk: int, user: Any) -> tuple[Room, Reader]:
    """Return a room that a user, possibly anonymous, may read, and its Reader; one query.

    Raises: Room.DoesNotExist.
    """
    own = Participant.objects.active().filter(room=OuterRef("pk"), user=user.pk)
    rooms = Room.objects.visible_to(user).annotate(joined_seq=Subquery(own.values("joined_seq")))
    room: Any = rooms.get(pk=room_pk)
    return room, Reader(user.pk, (room.joined_seq or 0) if room.is_private else 0)


def may_read_room(room_pk: int, user: Any) -> bool:
    """Return whether a user, possibly anonymous, may read an existing room; one query."""
    return Room.objects.visible_to(user).filter(pk=room_pk).exists()


def members(rooms: Collection[int]) -> dict[int, dict[int, Member]]:
    """Return the participants of each private room, the oldest first; one query."""
    by_room: dict[int, dict[int, Member]] = {room: {} for room in rooms}
    rows = Participant.objects.active().filter(room__in=rooms).with_moderates()
    columns = ("room_id", "user_id", "joined_seq", "read_seq", "moderates")
    for room, user, *state in rows.order_by("joined_at", "pk").values_list(*columns):
        by_room[room][user] = Member(*state)
    return by_room


def muted(rooms: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the ids of each room's muted users; one query."""
    muted_users: dict[int, set[int]] = {room: set() for room in rooms}
    pairs = Participant.objects.filter(room__in=rooms, is_muted=True)
    for room, user in pairs.values_list("room_id", "user_id"):
        muted_users[room].add(user)
    return {room: frozenset(users) for room, users in muted_users.items()}


def messages_since(
    revisions: Mapping[int, int],
    *,
    after: int = 0,
    limit: int | None = None,
    reader_id: int | None = None,
) -> list[RoomMessage]:
    """Return the messages written or changed in each room since its revision, in order.

    Only those numbered above `after`, that `reader_id` may read if it is given, and at most
    `limit`. One query, and one more if there are reactions.
    """
    changed = Q()
    for room, revision in revisions.items():
        changed |= Q(room=room, revision__gt=revision)
    messages = Message.objects.filter(changed, seq__gt=after)
    return _room_messages(_readable(messages, reader_id)[:limit])


def messages_after(
    room_pk: int, seq: int, *, reader_id: int | None = None
) -> tuple[list[RoomMessage], bool]:
    """Return up to PAGE messages numbered above `seq`, and whether more follow.

    Only those that `reader_id` may read if it is given. One query, and one more if there are
    reactions.
    """
    later = Message.objects.filter(room=room_pk, seq__gt=min(seq, MAX_SEQ))
    later = _readable(later, reader_id)
    messages = _room_messages(later[: PAGE + 1])
    return messages[:PAGE], len(messages) > PAGE


def wire_message(pk: int) -> RoomMessage:
    """Return one message; one query, or two with reactions. Raises: IndexError."""
    return _room_messages(Message.objects.filter(pk=pk))[0]


def changed_since(
    room_pk: int, revision: int, *, until: int, reader_id: int | None = None
) -> list[RoomMessage]:
    """Return the PAGE most recently changed messages numbered up to `until`.

    Readers and queries are as in `messages_after`.
    """
    changed = Message.objects.filter(
        room=room_pk, revision__gt=revision, seq__lte=min(until, MAX_SEQ)
    )
    return _room_messages(_readable(changed, reader_id).order_by("-revision")[:PAGE])


def people(ids: Collection[int]) -> dict[int, Person]:
    """Return the public data of users by id; one query."""
    return {user.pk: person_of(user) for user in User.objects.filter(pk__in=ids)}


def person_of(user: User) -> Person:
    return Person(id=user.pk, name=user.name, avatar=avatar_url(user, 48))


def may_read_message(user: Any, pk: int) -> bool:
    """Return whether a user may read a message that is not deleted; one query."""
    return Message.objects.visible_to(user).filter(pk=pk, deleted_at=None).exists()


def existing_messages(pks: Collection[int]) -> Collection[int]:
    rows = Message.objects.filter(pk__in=pks, deleted_at=None)
    return list(rows.values_list("pk", flat=True))


READERS = Audience(kind=MESSAGE, may_see=may_read_message, existing=existing_messages)


def content_of(message: Message) -> dict[str, Any]:
    """Return a message's `content` in its wire form; empty for a deleted message."""
    if message.deleted_at:
        return {}
    if message.kind == Message.Kind.TEXT:
        return {"text": message.body}
    if message.kind == Message.Kind.IMAGE:
        return {**message.content, "caption": message.body}
    return dict(message.content)


def _readable(messages: MessageQuerySet, reader_id: int | None) -> MessageQuerySet:
    return messages if reader_id is None else messages.visible_to(User(pk=reader_id))


def _room_messages(messages: QuerySet[Message]) -> list[RoomMessage]:
    rows = list(messages.select_related("author", "reply_to__author"))
    reactions = reactions_to([row.pk for row in rows if row.reacted_revision])
    return [_room_message(row, reactions.get(row.pk, {})) for row in rows]


def reactions_to(messages: Collection[int]) -> dict[int, dict[str, frozenset[int]]]:
    """Return the people by emoji, in the order of EMOJI, of each message; one query at most."""
    people: dict[int, dict[str, set[int]]] = defaultdict(lambda: {emoji: set() for emoji in EMOJI})
    if messages:
        rows = Reaction.objects.filter(message__in=messages).order_by()
        for message, emoji, user in rows.values_list("message_id", "emoji", "user_id"):
            people[message].setdefault(emoji, set()).add(user)
    return {
        message: {emoji: frozenset(users) for emoji, users in by_emoji.items() if users}
        for message, by_emoji in people.items()
    }


def _room_message(message: Message, reactions: dict[str, frozenset[int]]) -> RoomMessage:
    own = {"body": message.body}
    if message.client_id:
        own["client_id"] = str(message.client_id)
    return RoomMessage(
        room_pk=message.room_id,
        revision=message.revision,
        author_id=message.author_id,
        item=_item(message),
        own=own,
        reacted_revision=message.reacted_revision,
        reactions=reactions,
    )


def _item(message: Message) -> MessageItem:
    item = MessageItem(
        id=message.pk,
        seq=message.seq,
        user=person_of(message.author) if message.author else None,
        kind=message.kind,
        content=content_of(message),
        body_html=message.body_html,
        reply_to=None if message.deleted_at else _reply(message.reply_to),
        reactions=[],
        sent_at=str(iso(message.sent_at)),
    )
    if message.edited_at:
        item["edited_at"] = str(iso(message.edited_at))
    if message.deleted_at:
        item["deleted"] = True
    return item


def _reply(quoted: Message | None) -> Reply | None:
    if quoted is None:
        return None
    if quoted.deleted_at:
        return Reply(seq=quoted.seq, user=None, excerpt="")
    user = person_of(quoted.author) if quoted.author else None
    return Reply(seq=quoted.seq, user=user, excerpt=excerpt(quoted.body_html))
