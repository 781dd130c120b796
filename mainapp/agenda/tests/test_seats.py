from datetime import timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.deletion import delete_account
from mainapp.agenda.exceptions import (
    AlreadyEnrolled,
    EventClosed,
    EventGone,
    Invalid,
    NotEnrolled,
    SoldOut,
)
from mainapp.agenda.models import Event, Order
from mainapp.agenda.services.events import cancel_event, update_event
from mainapp.agenda.services.seats import enrol, mark_paid, release_seats
from mainapp.agenda.tests.factories import make_club, make_event
from mainapp.clubs.models import ClubMember
from mainapp.core.exceptions import DomainError
from mainapp.notifications.models import Notification


@pytest.fixture
def carla(db):
    return User.objects.create_user("carla")


def order(user, event, **options):
    return enrol(event_pk=event.pk, user=user, at=timezone.now(), **options)


def back(user, event):
    return release_seats(event_pk=event.pk, user=user, at=timezone.now())


def state_of(user, event):
    return Order.objects.filter(event=event, user=user).latest("pk").state


def is_counted(event):
    sold = Order.objects.filter(event=event, state="confirmed").aggregate(n=Sum("seats"))["n"]
    return Event.objects.get(pk=event.pk).taken == (sold or 0)


def seat_notices(user):
    return Notification.objects.filter(user=user, kind="event_seat").count()


def test_last_seat_is_sold_once(alice, bob):
    event = make_event(seats=1)

    assert order(alice, event).state == "confirmed"
    with pytest.raises(SoldOut):
        order(bob, event)
    with pytest.raises(AlreadyEnrolled):
        order(alice, event)
    assert is_counted(event)


def test_a_seat_given_back_goes_to_the_first_in_line_once(alice, bob, carla):
    event = make_event(seats=1)
    order(alice, event)
    assert order(bob, event, wait=True).state == "waiting"
    assert order(carla, event, wait=True).state == "waiting"

    back(alice, event)

    assert [state_of(user, event) for user in (alice, bob, carla)] == [
        *("cancelled", "confirmed", "waiting")
    ]
    assert [seat_notices(user) for user in (alice, bob, carla)] == [0, 1, 0]
    assert is_counted(event)


def test_giving_back_ends_the_wait(alice, bob, carla):
    event = make_event(seats=1)
    order(alice, event)
    order(bob, event, wait=True)
    back(bob, event)
    order(carla, event, wait=True)

    back(alice, event)

    assert (state_of(bob, event), state_of(carla, event)) == ("cancelled", "confirmed")
    with pytest.raises(NotEnrolled):
        back(bob, event)


def test_seats_go_to_the_first_whose_number_is_left(alice, bob, carla):
    event = make_event(seats=2)
    order(alice, event, seats=1)
    order(bob, event, seats=2, wait=True)
    assert order(carla, event).state == "confirmed"

    back(carla, event)
    assert state_of(bob, event) == "waiting"
    back(alice, event)
    assert state_of(bob, event) == "confirmed"
    assert is_counted(event)


def test_more_seats_go_to_the_waiting_list(alice, bob):
    event = make_event(seats=1)
    order(alice, event)
    order(bob, event, wait=True)

    update_event(event_pk=event.pk, actor=event.host, fields={"seats": 2}, at=timezone.now())
    assert state_of(bob, event) == "confirmed"
    with pytest.raises(Invalid):
        update_event(event_pk=event.pk, actor=event.host, fields={"seats": 1}, at=timezone.now())
    assert is_counted(event)


def test_a_deleted_account_frees_its_seat_for_the_first_in_line(alice, bob):
    event = make_event(seats=1)
    order(alice, event)
    order(bob, event, wait=True)

    delete_account(user=alice)

    assert state_of(bob, event) == "confirmed"
    assert is_counted(event)


def test_former_members_lose_seats_and_notices(alice, bob, carla):
    club = make_club(alice, bob, carla)
    event = make_event(alice, club=club, seats=1)
    order(bob, event)
    order(carla, event, wait=True)
    back(bob, event)
    assert Notification.objects.get(user=carla).title == f"Você tem vaga: {event.title}"

    ClubMember.objects.get(user=carla).delete()

    assert state_of(carla, event) == "cancelled"
    notice = Notification.objects.get(user=carla)
    assert (event.title in notice.title, notice.body, notice.url) == (False, "", "")
    assert list(Order.objects.visible_to(carla)) == []
    with pytest.raises(EventGone):
        order(carla, event)
    assert is_counted(event)


def test_people_who_leave_a_club_keep_the_seats_of_its_past_events(alice, bob):
    club = make_club(alice, bob)
    past, coming = (make_event(alice, club=club) for _ in range(2))
    for event in (past, coming):
        order(bob, event)
    Event.objects.filter(pk=past.pk).update(starts_at=timezone.now() - timedelta(hours=1))

    ClubMember.objects.get(user=bob).delete()

    assert (state_of(bob, past), state_of(bob, coming)) == ("confirmed", "cancelled")


def test_deactivated_people_and_former_members_are_passed_over(alice, bob, carla):
    event = make_event(seats=1)
    order(alice, event)
    order(bob, event, wait=True)
    order(carla, event, wait=True)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    back(alice, event)
    assert (state_of(bob, event), state_of(carla, event)) == ("waiting", "confirmed")


def test_cancelled_event_closes_orders_and_notifies(alice, bob):
    event = make_event(seats=1)
    order(alice, event)
    order(bob, event, wait=True)

    cancel_event(event_pk=event.pk, actor=event.host, at=timezone.now())
    cancel_event(event_pk=event.pk, actor=event.host, at=timezone.now())

    assert (state_of(alice, event), state_of(bob, event)) == ("cancelled", "cancelled")
    notified = Notification.objects.filter(kind="event_cancelled")
    assert sorted(notified.values_list("user__username", flat=True)) == ["alice", "bob"]
    with pytest.raises(EventClosed):
        order(alice, event)


def test_seats_of_events_that_have_begun_stay(alice):
    event = make_event(seats=1)
    order(alice, event)
    later = event.starts_at + timedelta(minutes=1)

    with pytest.raises(EventClosed):
        release_seats(event_pk=event.pk, user=alice, at=later)
    with pytest.raises(EventClosed):
        enrol(event_pk=event.pk, user=alice, at=later)


@pytest.mark.parametrize("seats", [0, 5, -1])
def test_from_one_to_four_seats(seats, alice):
    with pytest.raises(Invalid):
        order(alice, make_event(), seats=seats)


def test_suspended_people_give_seats_back_but_order_none(alice):
    event = make_event()
    order(alice, event)
    alice.suspended_until = timezone.now() + timedelta(days=1)

    with pytest.raises(DomainError) as refused:
        order(alice, make_event())
    assert refused.value.code == "suspended"
    assert back(alice, event).state == "cancelled"


def test_the_host_records_payments_and_refunds(alice):
    event = make_event(price=50)
    row = order(alice, event, seats=2)
    assert (row.total, row.is_paid) == (100, False)

    assert mark_paid(order_pk=row.pk, is_paid=True, at=timezone.now()).is_paid
    back(alice, event)
    assert mark_paid(order_pk=row.pk, is_paid=False, at=timezone.now()).state == "refunded"
    with pytest.raises(Invalid):
        mark_paid(order_pk=row.pk, is_paid=True, at=timezone.now())
