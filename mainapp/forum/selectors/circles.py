"""Circles of presence: people of a private room, and people of a forum room where a user writes."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from mainapp.accounts.fanout.circles import Circles
from mainapp.forum.models import Message, Participant
from mainapp.forum.policies import FORUM, PRIVATE

RECENT = timedelta(days=30)


def _rooms_of(users: Collection[int], kinds: Collection[str]) -> QuerySet[Participant]:
    return Participant.objects.active().filter(user__in=users, room__kind__in=kinds).order_by()


def private_rooms_of(users: Collection[int]) -> Iterable[tuple[int, int]]:
    return _rooms_of(users, PRIVATE).values_list("user_id", "room_id")


def forum_rooms_of(users: Collection[int]) -> Iterable[tuple[int, int]]:
    return _rooms_of(users, [FORUM]).values_list("user_id", "room_id")


def rooms_written_in(users: Collection[int], at: datetime) -> Iterable[tuple[int, int]]:
    """Return the rooms of the forum in which users wrote in the last 30 days."""
    return _written(users, at).values_list("author_id", "room_id").distinct()


def people_of_private_rooms(user: int, _at: datetime) -> QuerySet[Participant, int]:
    return _people_of(_rooms_of([user], PRIVATE).values("room"))


def people_of_written_rooms(user: int, at: datetime) -> QuerySet[Participant, int]:
    return _people_of(_written([user], at).values("room"))


def _written(users: Collection[int], at: datetime) -> QuerySet[Message]:
    messages = Message.objects.public().filter(author__in=users, sent_at__gt=at - RECENT)
    return messages.order_by()


def _people_of(rooms: Any) -> QuerySet[Participant, int]:
    members = Participant.objects.active().filter(room__in=rooms)
    return members.order_by().values_list("user_id", flat=True)


CIRCLES = (
    Circles(
        name="private-room",
        is_private=True,
        of=private_rooms_of,
        seen_by=lambda users, _at: private_rooms_of(users),
        people=people_of_private_rooms,
    ),
    Circles(
        name="forum-room",
        is_private=False,
        of=forum_rooms_of,
        seen_by=rooms_written_in,
        people=people_of_written_rooms,
    ),
)
