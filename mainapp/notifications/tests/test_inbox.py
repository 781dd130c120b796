import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from mainapp.notifications.models import Delivery, Mark, Notification
from mainapp.notifications.policies import MAX_CHANNELS
from mainapp.notifications.selectors.inbox import unread_count
from mainapp.notifications.services.inbox import prune_notifications
from mainapp.notifications.services.outbox import claim_due, record_attempt
from mainapp.notifications.tests.factories import channel, letter, notice


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def text(answer):
    return answer.content.decode()


def test_list_shows_own_notifications_and_broadcasts_only(page, alice, bob):
    notice(alice, title="meu", body="R$ 36,00", url="/graph?ticker=PETR4")
    notice(bob, title="do bob")
    notice(None, title="de todos")
    shown = text(page.get("/notifications/"))

    assert "meu" in shown
    assert "de todos" in shown
    assert "do bob" not in shown
    assert 'href="/graph?ticker=PETR4"' in shown
    assert "2 não lidas" in shown


def test_list_is_grouped_by_days_of_sao_paulo(page, alice):
    with time_machine.travel(datetime(2026, 3, 10, 2, 30, tzinfo=UTC), tick=False):
        notice(alice, title="na noite do dia 9")
    with time_machine.travel(datetime(2026, 3, 10, 15, tzinfo=UTC), tick=False):
        notice(alice, title="ao meio-dia")
        page.force_login(alice)
        answer = page.get("/notifications/")

    days = [(day, [note.row.title for note in notes]) for day, notes in answer.context["days"]]
    assert days == [(date(2026, 3, 10), ["ao meio-dia"]), (date(2026, 3, 9), ["na noite do dia 9"])]
    assert re.findall(r'id="day-\d">(.*?)<', text(answer)) == ["Hoje", "Ontem"]


def test_popover_has_the_newest_with_their_first_sentences(page, alice):
    for number in range(9):
        notice(alice, title=f"nota {number}.", body="primeira\nsegunda")
    shown = text(page.get("/notifications/latest/"))

    assert re.findall(r"nota (\d)\.", shown) == list("8765432")
    assert "primeira" in shown
    assert "segunda" not in shown
    assert "Marcar como lidas" in shown
    page.post("/notifications/read/")
    assert "Marcar como lidas" not in text(page.get("/notifications/latest/"))


@pytest.mark.parametrize(
    ("kind", "icon", "has_mark"),
    [
        ("alert_fired", "bell", True),
        ("alert_split", "split", False),
        ("mention", "at", False),
        ("delivery_failed", "alert", False),
        ("platform", "megaphone", False),
        ("of a later version", "bell", False),
    ],
)
def test_each_kind_has_its_icon_and_tone(page, alice, kind, icon, has_mark):
    notice(alice, kind=kind, url="/ativo/PETR4/")
    picture = text(page.get("/notifications/")).split('class="note-icon"')[1].split("note-text")[0]

    assert f"#{icon}" in picture
    assert ('class="mark"' in picture) is has_mark


def test_list_shows_the_destinations_of_notifications(page, alice):
    channel(alice, "telegram", address="-100", verified_at=None)
    channel(alice, "discord", address="https://d.example", is_active=False)
    places = page.get("/notifications/").context["places"]

    assert [(name, state) for name, _address, state in places] == [
        ("E-mail da conta", "ok"),
        ("Telegram", "resting"),
        ("Discord", "unused"),
    ]


def test_bell_links_to_the_list_on_every_page(page, client):
    assert 'href="/notifications/" data-bell' in text(page.get("/privacy/"))
    client.logout()
    assert "data-bell" not in text(client.get("/privacy/"))


def test_notifications_are_marked_read_singly_and_all_together(page, alice):
    row, _other = notice(alice), notice(None)
    page.post(reverse("read-notification", args=[row.pk]))
    assert unread_count(alice) == 1
    page.post("/notifications/read/")
    assert unread_count(alice) == 0


def test_deleting_a_broadcast_removes_it_from_one_inbox_only(page, alice, bob):
    row = notice(None, title="de todos")
    url = reverse("delete-notification", args=[row.pk])
    assert "de todos" in text(page.get(url))
    assert "de todos" in text(page.get("/notifications/"))
    assert page.post(url).status_code == 302

    assert "de todos" not in text(page.get("/notifications/"))
    assert page.post(url).status_code == 404
    assert unread_count(bob) == 1
    assert Notification.objects.exists()


def test_all_are_deleted_after_confirmation(page, alice):
    for _ in range(3):
        notice(alice)
    page.get("/notifications/delete/")
    assert "Nenhuma notificação" not in text(page.get("/notifications/"))
    page.post("/notifications/delete/")
    assert "Nenhuma notificação" in text(page.get("/notifications/"))


@pytest.mark.parametrize("name", ["read-notification", "delete-notification"])
def test_foreign_notification_is_404_like_a_missing_one(page, bob, name):
    foreign = page.post(reverse(name, args=[notice(bob).pk]))
    missing = page.post(reverse(name, args=[10**9]))

    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert not Mark.objects.exists()


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/notifications/", 6),  # session, user, count, unread, rows, places
        ("/notifications/latest/", 4),  # session, user, rows, unread
        ("/notifications/deliveries/", 5),  # session, user, count, rows, attempts
        ("/notifications/channels/", 6),  # session, user, channels, switch, address, verified
    ],
)
def test_a_page_costs_the_same_queries_at_any_size(
    page, alice, path, queries, count, django_assert_max_num_queries
):
    for number in range(count):
        notice(alice, deliveries=[letter()])
        if number < MAX_CHANNELS:
            channel(alice, address=f"{number}@example.com")
    for row in claim_due(limit=count, at=timezone.now()):
        record_attempt(delivery=row, error=None, at=timezone.now())
    page.get(path)
    with django_assert_max_num_queries(queries):
        assert page.get(path).status_code == 200


def test_list_is_paginated(page, alice):
    for number in range(25):
        notice(alice, title=f"nota {number}.")
    assert "nota 4." not in text(page.get("/notifications/"))
    assert "nota 4." in text(page.get("/notifications/?page=2"))
    assert page.get("/notifications/?page=x").status_code == 200


def test_old_notifications_and_ended_deliveries_are_pruned(alice):
    old, new = notice(alice, deliveries=[letter()]), notice(alice, deliveries=[letter()])
    Notification.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=200))
    Delivery.objects.filter(notification=old).update(
        created_at=timezone.now() - timedelta(days=40), state="sent"
    )
    prune_notifications(at=timezone.now())

    assert list(Notification.objects.all()) == [new]
    assert Delivery.objects.get().notification == new
