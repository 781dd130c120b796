"""A user's events and orders in the data export."""

from collections.abc import Iterable
from typing import Any

from mainapp.accounts.models import User
from mainapp.accounts.personal_data import Row, Table
from mainapp.agenda.models import CalendarLink, Event, Order

CHUNK = 2000
EVENTS = (
    *("id", "kind", "title", "description", "time_zone", "wall_start", "wall_end", "is_all_day"),
    *("place", "link", "price", "seats", "state", "created_at", "changed_at"),
)
ORDERS = (
    *("id", "event_id", "event", "seats", "state", "price", "is_paid"),
    *("queued_at", "confirmed_at", "closed_at"),
)
LINKS = ("key", "renewed_at")


def event_table(user: User) -> Iterable[Row]:
    """Yield the events that a user made, without those of clubs that the user has left."""
    rows = Event.objects.visible_to(user).filter(host=user).order_by("pk")
    return rows.values_list(*EVENTS).iterator(chunk_size=CHUNK)


def order_table(user: User) -> Iterable[Row]:
    """Yield a user's orders; the title of an event that the user may no longer see is empty."""
    seen = set(Order.objects.visible_to(user).values_list("pk", flat=True))
    names = ["event__title" if name == "event" else name for name in ORDERS]
    rows: Any = Order.objects.filter(user=user).order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=CHUNK):
        yield row if row[0] in seen else (*row[:2], "", *row[3:])


def link_table(user: User) -> Iterable[Row]:
    return CalendarLink.objects.filter(user=user).values_list(*LINKS)


TABLES = [
    Table(name="events", columns=EVENTS, rows=event_table),
    Table(name="orders", columns=ORDERS, rows=order_table),
    Table(name="calendar_link", columns=LINKS, rows=link_table),
]
