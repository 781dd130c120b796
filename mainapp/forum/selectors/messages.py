"""Queries for the sockets: the states of rooms, and messages in their wire shape."""

from collections.abc import Collection, Mapping

from django.db.models import Q, QuerySet

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url
from mainapp.forum.events import MessageItem, Person
from mainapp.forum.fanout.archive import RoomMessage, RoomState
from mainapp.forum.models import Message, Participant, Room
from mainapp.market.quotes import iso

PAGE = 100
# The largest value of the column `seq`; PostgreSQL rejects a larger number in a query.
MAX_SEQ = 2**31 - 1


def room_states(rooms: Collection[int]) -> dict[int, RoomState]:
    """Return the counters, host and closed state of the existing rooms; one query."""
    columns = ("pk", "last_seq", "revision", "rules_revision", "host_id", "is_closed")
    return {
        pk: RoomState(
            last_seq=seq,
            revision=revision,
            rules_revision=rules,
            host_id=host,
            is_closed=closed,
        )
        for pk, seq, revision, rules, host, closed in Room.objects.filter(pk__in=rooms).values_list(
            *columns
        )
    }


def muted(rooms: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the ids of each room's muted users; one query."""
    muted_users: dict[int, set[int]] = {room: set() for room in rooms}
    pairs = Participant.objects.filter(room__in=rooms, is_muted=True)
    for room, user in pairs.values_list("room_id", "user_id"):
        muted_users[room].add(user)
    return {room: frozenset(users) for room, users in muted_users.items()}


def messages_since(
    revisions: Mapping[int, int], *, after: int = 0, limit: int | None = None
) -> list[RoomMessage]:
    """Return the messages written or changed in each room since its revision, in order.

    Only those numbered above `after`, and at most `limit`. One query.
    """
    changed = Q()
    for room, revision in revisions.items():
        changed |= Q(room=room, revision__gt=revision)
    return _room_messages(Message.objects.filter(changed, seq__gt=after)[:limit])


def messages_after(room_pk: int, seq: int) -> tuple[list[RoomMessage], bool]:
    """Return up to PAGE messages numbered above `seq`, and whether more follow; one query."""
    later = Message.objects.filter(room=room_pk, seq__gt=min(seq, MAX_SEQ))
    messages = _room_messages(later[: PAGE + 1])
    return messages[:PAGE], len(messages) > PAGE


def changed_since(room_pk: int, revision: int, *, until: int) -> list[RoomMessage]:
    """Return the PAGE most recently changed messages numbered up to `until`; one query."""
    changed = Message.objects.filter(
        room=room_pk, revision__gt=revision, seq__lte=min(until, MAX_SEQ)
    )
    return _room_messages(changed.order_by("-revision")[:PAGE])


def people(ids: Collection[int]) -> dict[int, Person]:
    """Return the public data of users by id; one query."""
    return {user.pk: person_of(user) for user in User.objects.filter(pk__in=ids)}


def person_of(user: User) -> Person:
    return Person(id=user.pk, name=user.name, avatar=avatar_url(user, 48))


def _room_messages(messages: QuerySet[Message]) -> list[RoomMessage]:
    return [_room_message(message) for message in messages.select_related("author")]


def _room_message(message: Message) -> RoomMessage:
    own = {"body": message.body}
    if message.client_id:
        own["client_id"] = str(message.client_id)
    return RoomMessage(
        room_pk=message.room_id,
        revision=message.revision,
        author_id=message.author_id,
        item=_item(message),
        own=own,
    )


def _item(message: Message) -> MessageItem:
    item = MessageItem(
        id=message.pk,
        seq=message.seq,
        user=person_of(message.author) if message.author else None,
        body_html=message.body_html,
        sent_at=str(iso(message.sent_at)),
    )
    if message.edited_at:
        item["edited_at"] = str(iso(message.edited_at))
    if message.deleted_at:
        item["deleted"] = True
    return item
