"""Times at the edges of the calendar."""

import pytest
from django.urls import reverse

from mainapp.accounts.models import Preferences
from mainapp.agenda.tests.factories import make_event
from mainapp.agenda.tests.test_pages import form

JSON = "application/json"
EDGES = [
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:59",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
]


@pytest.fixture
def reader(client, alice):
    Preferences.objects.update_or_create(user=alice, defaults={"time_zone": "Pacific/Auckland"})
    client.force_login(alice)
    return client


@pytest.mark.parametrize("name", ["start_from", "start_to", "start_date_from"])
@pytest.mark.parametrize("text", EDGES)
def test_a_day_at_the_edge_of_the_calendar_is_refused(reader, name, text):
    make_event()
    assert reader.get("/api/v1/events/", {name: text}).status_code == 400
    for page in ("agenda", "agenda-file"):
        assert reader.get(reverse(page), {name: text}).status_code == 200


@pytest.mark.parametrize("text", EDGES)
def test_no_event_begins_or_ends_at_the_edge_of_the_calendar(reader, text):
    for name in ("starts_at", "ends_at"):
        body = {"title": "Curso", "starts_at": "2030-03-10T19:00"} | {name: text}
        assert reader.post("/api/v1/events/", body, JSON).status_code == 400
        page = reader.post(reverse("novo-evento"), form(is_all_day="on", **{name: text}))
        assert page.status_code == 200
        assert page.context["form"].errors


def test_days_long_ago_are_filters(reader):
    make_event()
    found = reader.get("/api/v1/events/", {"start_from": "1970-01-01", "start_to": "2999-12-31"})
    assert found.json()["count"] == 1
