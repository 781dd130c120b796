"""A user's private rooms, with unread counts and newest messages."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from mainapp.accounts.models import Block, User
from mainapp.accounts.selectors import blocks_of, name_of
from mainapp.core.rendering import excerpt
from mainapp.forum.events import LastMessage, RoomGone, RoomState
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import DIRECT, PRIVATE
from mainapp.forum.selectors.messages import person_of
from mainapp.market.quotes import iso
from mainapp.notifications.fanout.feeds import Feed

ROOMS = "rooms"
NAMES = 3


@dataclass(frozen=True, slots=True)
class Chat:
    """A private room as one of its participants sees it."""

    own: Participant
    unread: int
    last: Message | None
    people: Sequence[Participant]

    @property
    def room(self) -> Room:
        return self.own.room

    @property
    def name(self) -> str:
        """The room's name; a direct room and a group without one have those of the others."""
        if self.room.name:
            return self.room.name
        others = [person.user.name for person in self.people if person.user_id != self.own.user_id]
        return ", ".join(others[:NAMES]) or name_of(None)

    @property
    def is_direct(self) -> bool:
        return self.room.kind == DIRECT

    @property
    def partner(self) -> User | None:
        """The other person of a direct room; None in a group, and after they left the site."""
        own = self.own.user_id
        others = (person.user for person in self.people if person.user_id != own)
        return next(others, None) if self.is_direct else None


def chats_of(user: User) -> QuerySet[Participant]:
    """Return the participations in a user's private rooms, with the room, newest activity first.

    Without direct rooms that the user has hidden, and those with people whom the user blocks.
    """
    return _listed([user.pk]).select_related("room__club").order_by("-room__active_at", "-room_id")


def chat_of(pk: int, user: User) -> Participant:
    """Return a user's participation in a private room, listed or not, with the room; one query.

    Raises: Participant.DoesNotExist.
    """
    own = Participant.objects.active().filter(user=user, room__kind__in=PRIVATE)
    return own.select_related("room__club").get(room=pk)


def chats(rows: Iterable[Participant]) -> list[Chat]:
    """Return one user's participations as chats; three queries."""
    rows = list(rows)
    rooms = [row.room_id for row in rows]
    unread = {
        row.pk: row.unread for row in with_unread(Participant.objects.filter(pk__in=_pks(rows)))
    }
    people: dict[int, list[Participant]] = defaultdict(list)
    members = Participant.objects.active().filter(room__in=rooms).select_related("user")
    for member in members.order_by("joined_at", "pk"):
        people[member.room_id].append(member)
    last = _newest_messages(rows)
    return [
        Chat(row, unread.get(row.pk, 0), last.get(row.room_id), people[row.room_id]) for row in rows
    ]


def with_unread(participations: QuerySet[Participant]) -> Any:
    """Annotate participations with `unread`: see `unread_count`.

    Rooms without newer messages are left out, and cost nothing.
    """
    behind = participations.filter(room__last_seq__gt=F("read_seq"))
    return behind.annotate(unread=unread_count())


def unread_count() -> Coalesce:
    """Return, for queries of participations, the number of messages of others after the read mark.

    System messages, deleted ones and those of people whom the reader blocks do not count.
    """
    blocks = Block.objects.filter(blocker=OuterRef(OuterRef("user")), blocked=OuterRef("author"))
    messages = Message.objects.filter(
        Q(author=None) | ~Q(author=OuterRef("user")),
        ~Exists(blocks),
        room=OuterRef("room"),
        seq__gt=OuterRef("read_seq"),
        deleted_at=None,
    ).exclude(kind=Message.Kind.SYSTEM)
    counted = messages.order_by().values("room").annotate(unread=Count("pk")).values("unread")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def unread_totals(users: Collection[int]) -> dict[int, int]:
    """Return the number of unread messages in all listed private rooms of each user; one query."""
    totals = dict.fromkeys(users, 0)
    for row in with_unread(_listed(users)).only("user_id"):
        totals[row.user_id] += row.unread
    return totals


def rooms_snapshot(user_id: int) -> dict[str, Any]:
    """Return the fields that a user's private rooms add to the `snapshot` of the inbox."""
    return {"rooms_unread": unread_totals([user_id])[user_id]}


def room_frames(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    """Return the `room_state` frame of each user and room; `room_gone` if it is not listed.

    Five queries, however many pairs.
    """
    users, rooms = {user for user, _room in pairs}, {room for _user, room in pairs}
    listed = _listed(users).filter(room__in=rooms).select_related("room")
    rows = {(row.user_id, row.room_id): row for row in listed}
    unread = {row.pk: row.unread for row in with_unread(_listed(users).filter(room__in=rooms))}
    totals, last = unread_totals(users), _newest_messages(rows.values())
    blocks = blocks_of(users)
    frames: dict[tuple[int, int], Any] = {}
    for user, room in pairs:
        row = rows.get((user, room))
        if row is None:
            frame: Any = RoomGone(type="room_gone", room=room, rooms_unread=totals[user])
        else:
            frame = RoomState(
                type="room_state",
                room=room,
                unread=unread.get(row.pk, 0),
                last=last_message(row, last.get(room), blocked=blocks[user].by),
                muted=is_muted(row, at=timezone.now()),
                rooms_unread=totals[user],
            )
        frames[user, room] = frame
    return frames


def listed_rooms(users: Collection[int]) -> list[tuple[int, int]]:
    """Return (user, room) for all listed private rooms of users; one query."""
    return list(_listed(users).values_list("user_id", "room_id"))


ROOMS_FEED = Feed(
    name=ROOMS,
    snapshot=rooms_snapshot,
    frames=room_frames,
    totals=unread_totals,
    total_of=itemgetter("rooms_unread"),
    keys=listed_rooms,
)


def is_muted(participation: Participant, *, at: datetime) -> bool:
    return participation.muted_until is not None and participation.muted_until > at


def last_message(
    own: Participant, message: Message | None, *, blocked: Collection[int] = ()
) -> LastMessage | None:
    """Return a room's newest message for a participant; None if it is older than the participation.

    Messages of people whom the participant blocks are folded: their excerpt is empty.
    """
    if message is None or message.seq <= own.joined_seq:
        return None
    return LastMessage(
        seq=message.seq,
        user=person_of(message.author) if message.author else None,
        kind=message.kind,
        excerpt="" if message.author_id in blocked else excerpt_of(message),
        sent_at=str(iso(message.sent_at)),
    )


def excerpt_of(message: Message, length: int = 140) -> str:
    """Return the start of a message's text, or a file's name; empty for a deleted message."""
    if message.kind == Message.Kind.FILE and not message.deleted_at:
        return str(message.content.get("name", ""))
    return excerpt(message.body_html, length)


def _newest_messages(rows: Iterable[Participant]) -> dict[int, Message]:
    """Return the newest message of each room; one query."""
    # Starts from the rooms, so that PostgreSQL finds each message by its number. With a condition
    # on the messages' ids, it read all messages of these rooms.
    newest = FilteredRelation("messages", condition=Q(messages__seq=F("last_seq")))
    rooms: Any = Room.objects.filter(pk__in={row.room_id for row in rows}).annotate(last=newest)
    newest_by_room = {
        room.pk: getattr(room, "last", None) for room in rooms.select_related("last__author")
    }
    return {pk: message for pk, message in newest_by_room.items() if message}


def _listed(users: Collection[int]) -> QuerySet[Participant]:
    """Return the participations in the private rooms that users see in their lists."""
    mine = Q(user__in=users, is_hidden=False, room__kind__in=PRIVATE)
    partner = Participant.objects.filter(
        room=OuterRef("room"),
        user__in=Block.objects.filter(blocker=OuterRef(OuterRef("user"))).values("blocked"),
    )
    return Participant.objects.active().filter(mine).exclude(Q(room__kind=DIRECT) & Exists(partner))


def _pks(rows: Iterable[Participant]) -> list[int]:
    return [row.pk for row in rows]
