from datetime import timedelta

import pytest
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
