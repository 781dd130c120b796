"""Seats of events: the only module that changes orders and `Event.taken`.

Every change locks the event's row first (`locked_event`), whatever its cause: people, hosts,
leaving a club, the deletion of an account, more seats, a cancelled event. So confirmed seats never
exceed those of the event, and a freed seat goes to the waiting list in the same transaction.

Freed seats go to the first order of the waiting list that they suffice for. So after each change no
order waits that could be confirmed, and a new order may take the seats that are left.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.agenda.exceptions import (
    AlreadyEnrolled,
    EventClosed,
    EventGone,
    Invalid,
    NotEnrolled,
    SoldOut,
)
from mainapp.agenda.models import Event, Order, OrderQuerySet
from mainapp.agenda.policies import MAX_SEATS_A_PERSON
from mainapp.agenda.services.notices import notify_promoted
from mainapp.agenda.signals import agenda_changed
from mainapp.clubs.models import ClubMember

State = Order.State


def enrol(*, event_pk: int, user: User, seats: int = 1, wait: bool = False, at: datetime) -> Order:
    """Order seats; with `wait`, join the waiting list if too few are left.

    Exact under concurrent calls. A full event refuses without a lock. Raises: EventGone, SoldOut,
    AlreadyEnrolled, EventClosed, Invalid, Suspended.
    """
    check_not_suspended(user, at=at)
    if not 1 <= seats <= MAX_SEATS_A_PERSON:
        raise Invalid(_("Escolha de 1 a 4 vagas."), field="seats")
    if not wait:
        _refuse_early(event_pk, user, seats, at)
    with transaction.atomic():
        event = locked_event(event_pk)
        # Checked again under the lock: the user may have left the event's club in the meantime.
        if not Event.objects.visible_to(user).filter(pk=event_pk).exists():
            raise EventGone
        _check_open(event, at)
        if _open_orders(event).filter(user=user).exists():
            raise AlreadyEnrolled
        is_left = event.free_seats is None or seats <= event.free_seats
        if not is_left and not wait:
            raise SoldOut
        if event.seats is not None and seats > event.seats:
            raise Invalid(_("O evento não tem tantas vagas."), field="seats")
        order = Order.objects.create(
            event=event,
            user=user,
            seats=seats,
            state=State.CONFIRMED if is_left else State.WAITING,
            price=event.price,
            queued_at=at,
            confirmed_at=at if is_left else None,
        )
        if is_left:
            _count(event, seats)
        agenda_changed.send(sender=Order, event=event)
        return order


def release_seats(*, event_pk: int, user: User, at: datetime) -> Order:
    """Give a user's seats back, or leave the waiting list.

    Raises: EventGone, NotEnrolled, EventClosed.
    """
    with transaction.atomic():
        event = locked_event(event_pk)
        if not Event.objects.visible_to(user).filter(pk=event_pk).exists():
            raise EventGone
        order = _open_orders(event).filter(user=user).first()
        if order is None:
            raise NotEnrolled
        if event.has_begun(at) and order.state == State.CONFIRMED:
            raise EventClosed(_("O evento já começou."))
        _close([order], event, at)
        return order


def release_all_seats(*, user: User, club_pk: int | None = None, at: datetime) -> int:
    """Give back all seats of a user whose account is deleted, or the coming ones of a club.

    Who leaves a club was at its past events. Return the number of events. One transaction each.
    """
    orders = Order.objects.filter(user=user, state__in=Order.OPEN)
    if club_pk is not None:
        orders = orders.filter(event__club=club_pk, event__starts_at__gt=at)
    events = sorted(set(orders.values_list("event", flat=True)))
    for event_pk in events:
        with transaction.atomic():
            event = locked_event(event_pk)
            _close(list(_open_orders(event).filter(user=user)), event, at)
    return len(events)


def set_seats(*, event: Event, seats: int | None, at: datetime) -> None:
    """Change the number of seats of a locked event; new ones go to the waiting list.

    Raises: Invalid (fewer than are taken).
    """
    if seats is not None and seats < event.taken:
        template = _("Já há %(taken)s vagas ocupadas.")
        raise Invalid(template, field="seats", params={"taken": event.taken})
    event.seats = seats
    event.save(update_fields=["seats"])
    _promote(event, at)


def close_orders(*, event: Event, at: datetime) -> list[Order]:
    """Close all orders of a locked, cancelled event; return them with their users."""
    orders = list(_open_orders(event).select_related("user__preferences"))
    for order in orders:
        _set_closed(order, at)
    event.taken = 0
    event.save(update_fields=["taken"])
    return orders


def mark_paid(*, order_pk: int, is_paid: bool, at: datetime) -> Order:
    """Record whether an order was paid. The caller checks that the actor manages the event.

    For a cancelled order that was paid, `is_paid=False` records a refund. Raises:
    Order.DoesNotExist, Invalid.
    """
    with transaction.atomic():
        event_pk = Order.objects.values_list("event", flat=True).get(pk=order_pk)
        locked_event(event_pk)
        order = Order.objects.select_related("event", "user").get(pk=order_pk)
        if order.state == State.WAITING or (is_paid and order.state != State.CONFIRMED):
            raise Invalid(_("Só uma vaga confirmada pode ser paga."), field="paid")
        if order.state == State.CANCELLED and order.is_paid and not is_paid:
            order.state = State.REFUNDED
        order.is_paid = is_paid
        order.save(update_fields=["is_paid", "state"])
        return order


def locked_event(pk: int) -> Event:
    """Lock an event until the transaction ends, and return it. Raises: EventGone."""
    event = Event.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if event is None or event.state == Event.State.REMOVED:
        raise EventGone
    return event


def _refuse_early(event_pk: int, user: User, seats: int, at: datetime) -> None:
    """Refuse orders that are impossible now, without waiting for a lock. Raises: as `enrol`."""
    event = Event.objects.visible_to(user).filter(pk=event_pk).first()
    if event is None:
        raise EventGone
    _check_open(event, at)
    if event.free_seats is not None and seats > event.free_seats:
        if _open_orders(event).filter(user=user).exists():
            raise AlreadyEnrolled
        raise SoldOut


def _check_open(event: Event, at: datetime) -> None:
    if event.is_cancelled:
        raise EventClosed(_("Este evento foi cancelado."))
    if event.has_begun(at):
        raise EventClosed(_("O evento já começou."))


def _open_orders(event: Event) -> OrderQuerySet:
    return Order.objects.filter(event=event, state__in=Order.OPEN)


def _close(orders: Collection[Order], event: Event, at: datetime) -> None:
    """Close open orders of a locked event, and give their seats to the waiting list."""
    freed = sum(order.seats for order in orders if order.state == State.CONFIRMED)
    for order in orders:
        _set_closed(order, at)
    if freed:
        _count(event, -freed)
    _promote(event, at)
    agenda_changed.send(sender=Order, event=event)


def _set_closed(order: Order, at: datetime) -> None:
    order.state, order.closed_at = State.CANCELLED, at
    order.save(update_fields=["state", "closed_at"])


def _promote(event: Event, at: datetime) -> None:
    """Confirm the waiting orders for which enough seats are left, and notify their users."""
    if event.state != Event.State.ACTIVE or event.has_begun(at) or event.free_seats == 0:
        return
    waiting = Order.objects.filter(event=event, state=State.WAITING, user__is_active=True)
    if event.club_id is not None:
        members = ClubMember.objects.filter(club=event.club_id).values("user")
        waiting = waiting.filter(user__in=members)
    promoted = []
    for order in waiting.select_related("user__preferences").order_by("queued_at", "pk"):
        if event.free_seats is not None and order.seats > event.free_seats:
            if event.free_seats == 0:
                break
            continue
        order.state, order.confirmed_at = State.CONFIRMED, at
        order.save(update_fields=["state", "confirmed_at"])
        _count(event, order.seats)
        promoted.append(order)
    notify_promoted(orders=promoted, event=event, at=at)


def _count(event: Event, seats: int) -> None:
    Event.objects.filter(pk=event.pk).update(taken=F("taken") + seats)
    event.taken += seats
