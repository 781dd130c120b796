"""The forum's list of rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mainapp.accounts.models import User
from mainapp.core.pages import page_of
from mainapp.forum.models import Message, Participant, Room
from mainapp.market.models import Stock, WatchlistItem
from mainapp.market.selectors.folded import in_search_text

PAGE_SIZE = 20
RECENT = 5
BESIDE = 30
TOPICS = 15
ROOMS_OF_A_STOCK = 3
SUGGESTIONS = 4


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room, its newest message if any, and the number of participants."""

    room: Room
    last: Message | None
    people: int


@dataclass(frozen=True, slots=True)
class ForumPage:
    """A page of the matching rooms."""

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
    """A topic and the number of matching rooms."""

    name: str
    count: int


def forum_page(
    user: User | AnonymousUser, *, words: str, topic: str, number: str
) -> tuple[ForumPage, list[Topic]]:
    """Return one page of rooms, the most recently active first, and the most used topics.

    The rooms are those of the forum and of the user's clubs. Each of `words` must occur in the
    name, topic or description; case and accents are ignored. A number beyond the last page returns
    the last page. Two queries.
    """
    rooms: QuerySet[Room] = Room.objects.listed_for(user).filter(in_search_text(words))
    topics = _topics(rooms)
    # The counts by topic make a separate COUNT query unnecessary.
    total = sum(row.count for row in topics if not topic or row.name == topic)
    page = page_of(range(total), number, size=PAGE_SIZE)
    if topic:
        rooms = rooms.filter(topic=topic)
    rows = _rows(rooms, (page.number - 1) * PAGE_SIZE)
    shown = ForumPage(rows, page.number, page.paginator.num_pages, total)
    return shown, [row for row in topics if row.name][:TOPICS]


def active_rooms() -> list[RoomRow]:
    """Return the most recently active rooms, for the list beside a room; one query."""
    return _rows(Room.objects.public(), 0, BESIDE)


def rooms_on(stock: Stock) -> list[RoomRow]:
    """Return the most recently active rooms about a stock. One query."""
    return _rows(Room.objects.public().filter(stock=stock), 0, ROOMS_OF_A_STOCK)


def symbols_without_room(user: User | AnonymousUser) -> list[str]:
    """Return the first symbols of a user's current list that no room is about.

    One query, none for anonymous users.
    """
    if not user.is_authenticated:
        return []
    items = WatchlistItem.objects.filter(
        ~Exists(Room.objects.public().filter(stock=OuterRef("stock"))),
        watchlist__owner=user.pk,
        watchlist__is_current=True,
        stock__is_active=True,
    )
    ordered = items.order_by("position", "pk").values_list("stock__symbol", flat=True)
    return list(ordered[:SUGGESTIONS])


def recent_messages() -> list[Message]:
    """Return the newest messages of all rooms, with room and author; one query."""
    messages = Message.objects.public().filter(deleted_at=None).select_related("room", "author")
    return list(messages.order_by("-pk")[:RECENT])


def topic_names() -> list[str]:
    """Return the 50 most used topics, as suggestions for a form; one query."""
    return [topic.name for topic in _topics(Room.objects.public()) if topic.name][:50]


def _topics(rooms: QuerySet[Room]) -> list[Topic]:
    """Return every topic, the empty one included, the most used first."""
    counted = rooms.order_by().values_list("topic").annotate(rooms=Count("pk"))
    return [Topic(*row) for row in counted.order_by("-rooms", "topic")]


def _rows(rooms: QuerySet[Room], start: int, size: int = PAGE_SIZE) -> list[RoomRow]:
    """Return `size` rooms from `start`; one query."""
    people = Participant.objects.filter(room=OuterRef("pk")).order_by().values("room")
    counted = people.annotate(people=Count("pk")).values("people")
    newest = FilteredRelation("messages", condition=Q(messages__seq=F("last_seq")))
    related = ("stock", "host", "club", "last", "last__author")
    # Slice first: otherwise PostgreSQL joins all rooms with all messages before sorting.
    chosen = rooms.order_by("-active_at", "-pk").values("pk")[start : start + size]
    annotated = Room.objects.filter(pk__in=chosen).annotate(
        last=newest, people=Coalesce(Subquery(counted), 0)
    )
    ordered: Any = annotated.select_related(*related).order_by("-active_at", "-pk")
    # Django sets no attribute for a filtered relation without a row.
    return [RoomRow(room, getattr(room, "last", None), room.people) for room in ordered]
