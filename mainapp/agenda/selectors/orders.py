"""Orders of a user and of an event."""

from typing import Any

from django.core.paginator import Page
from django.db.models import Case, Value, When

from mainapp.accounts.models import User
from mainapp.agenda.models import CalendarLink, Event, Order, OrderQuerySet
from mainapp.agenda.selectors.access import may_manage
from mainapp.core.pages import page_of

PAGE = 50


def own_orders(user: Any) -> OrderQuerySet:
    """Return a user's orders of events that they may still see, the newest first."""
    return Order.objects.visible_to(user).select_related("event", "event__club").order_by("-pk")


def own_order_page(user: User, number: str | None) -> "Page[Order]":
    return page_of(own_orders(user), number, size=PAGE)


def open_order(user: Any, event: Event) -> Order | None:
    """Return a user's confirmed or waiting order of an event; one query."""
    if user.pk is None:
        return None
    return Order.objects.filter(event=event, user=user, state__in=Order.OPEN).first()


def place_in_line(order: Order) -> int:
    """Return the place of a waiting order, from 1; one query."""
    waiting = Order.objects.filter(event=order.event_id, state=Order.State.WAITING)
    return waiting.filter(queued_at__lt=order.queued_at).count() + 1


def orders_of(event: Event) -> OrderQuerySet:
    """Return an event's orders for its managers: confirmed, then waiting, then closed ones."""
    places = [
        When(state=state, then=Value(index)) for index, state in enumerate(Order.State.values)
    ]
    rows = Order.objects.filter(event=event).select_related("user", "event")
    return rows.order_by(Case(*places), "queued_at", "pk")


def order_page(event: Event, number: str | None) -> "Page[Order]":
    return page_of(orders_of(event), number, size=PAGE)


def managed_order(pk: int, user: Any) -> Order:
    """Return an order of an event that a user manages. Raises: Order.DoesNotExist."""
    order = Order.objects.select_related("event", "user").get(pk=pk)
    is_seen = Event.objects.visible_to(user).filter(pk=order.event_id).exists()
    if not is_seen or not may_manage(user, order.event):
        raise Order.DoesNotExist
    return order


def link_of(user: User) -> CalendarLink | None:
    return CalendarLink.objects.filter(user=user).first()


def owner_of_link(key: str) -> User:
    """Return the active user of a private link. Raises: CalendarLink.DoesNotExist."""
    links = CalendarLink.objects.select_related("user__preferences")
    return links.get(key=key, user__is_active=True).user
