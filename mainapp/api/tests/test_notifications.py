"""The user's inbox."""

import pytest

from mainapp.notifications.models import Mark
from mainapp.notifications.tests.factories import notice

NOTIFICATIONS = "/api/v1/notifications/"


@pytest.fixture
def api(alice, client):
    client.force_login(alice)
    return client


def test_inbox_is_listed_newest_first(api, alice, bob):
    first, second = notice(alice), notice(alice)
    notice(bob)
    data = api.get(NOTIFICATIONS).json()

    assert [row["id"] for row in data["results"]] == [second.pk, first.pk]
    assert data["results"][0]["created_at"].endswith("Z")


def test_notification_is_read_and_deleted(api, alice):
    pk = notice(alice).pk
    read = api.post(f"{NOTIFICATIONS}{pk}/mark-as-read/", content_type="application/json")

    assert read.json()["is_read"] is True
    assert api.get(f"{NOTIFICATIONS}?unread=true").json()["count"] == 0
    assert api.delete(f"{NOTIFICATIONS}{pk}/").status_code == 204
    assert api.get(NOTIFICATIONS).json()["count"] == 0


def test_another_users_notification_is_404(api, bob):
    pk = notice(bob).pk

    read = api.post(f"{NOTIFICATIONS}{pk}/mark-as-read/", content_type="application/json")
    assert read.status_code == 404
    assert api.delete(f"{NOTIFICATIONS}{pk}/").status_code == 404
    assert api.get(f"{NOTIFICATIONS}{pk}/").status_code == 404
    assert Mark.objects.count() == 0


@pytest.mark.parametrize("rows", [3, 30])
def test_inbox_costs_the_same_queries_at_any_size(api, alice, django_assert_num_queries, rows):
    for _ in range(rows):
        notice(alice)
    with django_assert_num_queries(4):  # session, user, count, rows
        assert len(api.get(NOTIFICATIONS).json()["results"]) == rows
