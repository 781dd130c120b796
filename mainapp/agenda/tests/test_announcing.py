from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mainapp.accounts.models import Block, Preferences, User
from mainapp.agenda.models import Event, Order, Reminder
from mainapp.agenda.services.announcing import announce_changes, announce_new, send_reminders
from mainapp.agenda.services.events import cancel_event, update_event
from mainapp.agenda.services.notices import wanted
from mainapp.agenda.services.seats import enrol, release_seats
from mainapp.agenda.tests.factories import make_club, make_event
from mainapp.clubs.models import ClubMember
from mainapp.notifications.models import Notification

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def seat(user, event):
    return enrol(event_pk=event.pk, user=user, at=timezone.now())


def change(event, **fields):
    at = fields.pop("at", None) or timezone.now()
    return update_event(event_pk=event.pk, actor=event.host, fields=fields, at=at)


def notices(user, kind):
    return Notification.objects.filter(user=user, kind=kind)


def test_reminders_are_sent_once_a_day_and_an_hour_before(alice):
    event = make_event()
    seat(alice, event)

    assert send_reminders(at=event.starts_at - DAY - timedelta(minutes=1)) == 0
    for moment, count in ((DAY, 1), (5 * HOUR, 0), (HOUR, 1), (timedelta(minutes=1), 0)):
        at = event.starts_at - moment
        assert (send_reminders(at=at), send_reminders(at=at)) == (count, 0)
    assert send_reminders(at=event.starts_at) == 0
    assert Reminder.objects.count() == 2
    titles = notices(alice, "event_reminder").values_list("title", flat=True)
    assert list(titles) == ["Lembrete: Encontro"] * 2


def test_a_late_seat_gets_no_reminder_that_was_due_before(alice):
    event = make_event(hours=3)
    seat(alice, event)
    assert send_reminders(at=timezone.now()) == 0
    assert send_reminders(at=event.starts_at - HOUR) == 1


def test_a_moved_event_is_reminded_of_again_and_an_edited_text_is_not(alice):
    event = make_event()
    seat(alice, event)
    send_reminders(at=event.starts_at - DAY)
    change(event, title="Outro", description="texto")
    assert send_reminders(at=event.starts_at - DAY + HOUR) == 0

    moved = change(event, wall_start=(event.starts_at + 2 * DAY).strftime("%Y-%m-%dT%H:%M"))
    assert send_reminders(at=moved.starts_at - DAY) == 1
    assert send_reminders(at=moved.starts_at - DAY + HOUR) == 0


def test_reminders_are_checked_again_when_they_are_sent(alice, bob):
    club = make_club(bob, alice)
    event = make_event(bob, club=club)
    seat(alice, event)
    send_reminders(at=event.starts_at - DAY)
    rows = list(notices(alice, "event_reminder"))
    assert wanted(rows) == {rows[0].pk}

    change(event, wall_start=(event.starts_at + DAY).strftime("%Y-%m-%dT%H:%M"))
    assert wanted(rows) == set()
    other = make_event(bob)
    seat(alice, other)
    send_reminders(at=other.starts_at - DAY)
    rows = list(notices(alice, "event_reminder").filter(title__contains=other.title))[:1]
    assert len(wanted(rows)) == 1
    release_seats(event_pk=other.pk, user=alice, at=timezone.now())
    assert wanted(rows) == set()


def test_cancelled_events_remind_nobody(alice):
    event = make_event()
    seat(alice, event)
    send_reminders(at=event.starts_at - DAY)
    rows = list(notices(alice, "event_reminder"))
    cancel_event(event_pk=event.pk, actor=event.host, at=timezone.now())

    assert send_reminders(at=event.starts_at - HOUR) == 0
    assert wanted(rows) == set()


def test_only_time_and_place_notify_once_after_the_last_change(alice):
    event, now = make_event(), timezone.now()
    seat(alice, event)
    change(event, title="Novo nome", description="x", price=5, at=now)
    assert announce_changes(at=now + timedelta(hours=1)) == 0

    change(event, place="Sala 1", at=now)
    change(event, place="Sala 2", at=now + timedelta(minutes=5))
    assert announce_changes(at=now + timedelta(minutes=12)) == 0
    assert announce_changes(at=now + timedelta(minutes=15)) == 1
    assert announce_changes(at=now + timedelta(minutes=30)) == 0
    assert "Sala 2" in notices(alice, "event_changed").get().body


def test_a_change_that_is_taken_back_notifies_nobody(alice):
    event, now = make_event(place="Sala 1"), timezone.now()
    seat(alice, event)
    change(event, place="Sala 2", at=now)
    change(event, place="Sala 1", at=now)
    assert announce_changes(at=now + timedelta(hours=1)) == 0


def test_new_events_of_a_club_are_one_notice_for_each_member(alice, bob):
    carla = User.objects.create_user("carla")
    club, now = make_club(alice, bob), timezone.now()
    make_event(alice, club=club, title="Um", at=now)
    make_event(alice, club=club, title="Dois", at=now + timedelta(minutes=5))

    assert announce_new(at=now + timedelta(minutes=9)) == 0
    assert announce_new(at=now + timedelta(minutes=10)) == 2
    assert announce_new(at=now + timedelta(minutes=30)) == 0
    notice = notices(bob, "event_new").get()
    assert (notice.title, "Um:" in notice.body) == ("2 eventos novos na agenda", True)
    assert not notices(alice, "event_new").exists()
    assert not notices(carla, "event_new").exists()

    ClubMember.objects.get(user=bob).delete()
    notice.refresh_from_db()
    assert ("Um" in notice.body, notice.url) == (False, "")


def test_new_public_events_are_for_those_who_follow_the_agenda(alice, bob):
    carla = User.objects.create_user("carla")
    for user in (bob, carla):
        Preferences.objects.create(user=user, follows_agenda=True)
    event, now = make_event(alice, title="Aberto"), timezone.now()
    Block.objects.create(blocker=alice, blocked=carla, blocked_at=now)

    announce_new(at=now + timedelta(minutes=10))
    notified = Notification.objects.filter(kind="event_new").values_list("user__username", "title")
    assert list(notified) == [("bob", "Novo evento: Aberto")]
    assert Event.objects.get(pk=event.pk).announced_at


def test_reminders_are_on_time_across_a_change_of_summer_time(alice):
    """Lisbon's clocks go back on 25 October 2026: 19:00 there is 18:00 UTC before, 19:00 after."""
    at = datetime(2026, 10, 1, tzinfo=UTC)
    events = [
        make_event(wall_start=f"2026-10-{day}T19:00", time_zone="Europe/Lisbon", at=at)
        for day in (24, 25)
    ]
    assert [event.starts_at.hour for event in events] == [18, 19]
    Order.objects.bulk_create(
        Order(event=event, user=alice, state="confirmed", queued_at=at, confirmed_at=at)
        for event in events
    )
    for event in events:
        assert send_reminders(at=event.starts_at - HOUR - timedelta(minutes=1)) in (0, 1)
    Preferences.objects.create(user=alice, time_zone="Europe/Lisbon")
    assert send_reminders(at=events[1].starts_at - HOUR) == 1


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("America/Sao_Paulo", "16:00 (19:00 em Lisboa)"),
        ("Europe/Lisbon", "19:00"),
    ],
)
def test_times_are_in_the_readers_zone_with_that_of_the_place(zone, text, alice, client):
    event = make_event(wall_start="2030-01-10T19:00", time_zone="Europe/Lisbon")
    Preferences.objects.create(user=alice, time_zone=zone)
    client.force_login(alice)
    page = client.get(event.get_absolute_url()).content.decode()
    text_of_page = " ".join(page.split())
    for part in text.rstrip(")").split(" ("):
        assert part in text_of_page
