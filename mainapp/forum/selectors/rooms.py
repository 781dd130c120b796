"""The forum's list of rooms."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mainapp.core.pages import page_of
from mainapp.forum.models import Message, Participant, Room
from mainapp.market.symbols import fold

PAGE_SIZE = 20
RECENT = 8
TOPICS = 15


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room, its newest message if there is one, and how many take part."""

    room: Room
    last: Message | None
    people: int


@dataclass(frozen=True, slots=True)
class ForumPage:
    """A page of the rooms that were asked for."""

    rows: Sequence[RoomRow]
    number: int
    pages: int
    total: int

    @property
    def previous(self) -> int:
        return self.number - 1

    @property
    def next(self) -> int:
        return self.number + 1


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and how many of the rooms found by the words are about it."""

    name: str
    count: int


def forum_page(*, words: str, topic: str, number: str) -> tuple[ForumPage, list[Topic]]:
    """Return one page of the rooms, the last talked in first, and the topics there are.

    `words` are looked for in name, topic and description, whatever case and accents. A page beyond
    the last is the last. Two queries.
    """
    found = Room.objects.all()
    for word in fold(words).split():
        found = found.filter(search_text__contains=word)
    topics = _topics(found)
    total = sum(one.count for one in topics if not topic or one.name == topic)
    page = page_of(range(total), number, size=PAGE_SIZE)
    if topic:
        found = found.filter(topic=topic)
    rows = _rows(found, (page.number - 1) * PAGE_SIZE)
    shown = ForumPage(rows, page.number, page.paginator.num_pages, total)
    return shown, [one for one in topics if one.name][:TOPICS]


def recent_messages() -> list[Message]:
    """Return the newest messages of all rooms, with room and author; one query."""
    said = Message.objects.filter(deleted_at=None).select_related("room", "author")
    return list(said.order_by("-pk")[:RECENT])


def topic_names() -> list[str]:
    """Return the most used topics, for a person to choose from; one query."""
    return [one.name for one in _topics(Room.objects.all()) if one.name][:50]


def _topics(rooms: QuerySet[Room]) -> list[Topic]:
    """Return every topic, the unnamed one too, the most used first."""
    counted = rooms.order_by().values_list("topic").annotate(rooms=Count("pk"))
    return [Topic(*row) for row in counted.order_by("-rooms", "topic")]


def _rows(rooms: QuerySet[Room], start: int) -> list[RoomRow]:
    """Return a page of rooms; one query."""
    people = Participant.objects.filter(room=OuterRef("pk")).order_by().values("room")
    counted = people.annotate(people=Count("pk")).values("people")
    newest = FilteredRelation("messages", condition=Q(messages__seq=F("last_seq")))
    related = ("stock", "host", "last", "last__author")
    found = rooms.annotate(last=newest, people=Coalesce(Subquery(counted), 0))
    ordered = found.select_related(*related).order_by("-active_at", "-pk")
    # A filtered relation leaves no attribute where it found nothing.
    return [
        RoomRow(room, getattr(room, "last", None), room.people)
        for room in ordered[start : start + PAGE_SIZE]
    ]
