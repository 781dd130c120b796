import pytest
from django.utils import timezone

from mainapp.agenda.models import Event
from mainapp.agenda.services.seats import enrol
from mainapp.agenda.tests.factories import make_event

JSON = "application/json"
COURSE = {"title": "Curso", "starts_at": "2030-03-10T19:00", "price": "50.00", "seats": 1}


@pytest.fixture
def api(client, alice):
    client.force_login(alice)
    return client


def test_courses_have_the_fields_of_other_services(api):
    made = api.post("/api/v1/courses/", COURSE | {"tags": ["FII"]}, JSON)
    assert (made.status_code, made.json()["kind"], made.json()["is_free"]) == (201, "course", False)
    make_event(title="Encontro")
    tag = made.json()["tags"][0]["id"]
    query = f"?title=cur&price_min=1&price_max=60&tags={tag},2&is_free=false&ordering=-price"
    found = api.get(f"/api/courses/{query}").json()
    assert [course["title"] for course in found["results"]] == ["Curso"]
    assert api.get("/api/courses/?start_date_from=2031-01-01").json()["count"] == 0
    assert api.post("/api/v1/courses/", COURSE | {"kind": "meeting"}, JSON).status_code == 400


def test_times_are_accepted_with_and_without_an_offset(api):
    for text in ("2030-03-10T19:00", "2030-03-10T22:00:00Z", "2030-03-10T19:00-03:00"):
        event = api.post("/api/v1/events/", COURSE | {"starts_at": text}, JSON).json()
        assert (event["wall_start"], event["starts_at"]) == (
            "2030-03-10T19:00",
            "2030-03-10T22:00:00.000Z",
        )


def test_enrolment_statuses_and_errors(api, alice, bob, client):
    event = make_event(seats=1)
    url = f"/api/v1/events/{event.pk}/enrol/"
    first = api.post(url, {"seats": 1}, JSON)
    assert (first.status_code, first.json()["state"]) == (201, "confirmed")
    assert (api.post(url, {}, JSON).status_code, api.post(url, {}, JSON).json()["code"]) == (
        409,
        "already_enrolled",
    )
    assert api.get("/api/v1/orders/").json()["results"] == [first.json()]

    client.force_login(bob)
    sold = client.post(url, {}, JSON)
    assert (sold.status_code, sold.json()["code"]) == (409, "sold_out")
    assert sold.json()["message"] == "Vagas esgotadas"
    theirs = client.post("/api/v1/orders/", {"product_id": event.pk, "quantity": 1}, JSON)
    assert (theirs.status_code, theirs.json()["code"]) == (409, "sold_out")
    assert theirs.json()["detail"] == "Estoque insuficiente"
    assert client.post(url, {"wait": True}, JSON).status_code == 202
    assert client.post(url, {"seats": 5}, JSON).status_code == 400

    client.force_login(alice)
    assert client.delete(url).json()["state"] == "cancelled"
    assert client.delete(url).status_code == 404
    client.force_login(bob)
    assert client.get(f"/api/v1/events/{event.pk}/").json()["order_state"] == "confirmed"


def test_orders_have_the_fields_of_other_services(api):
    event = make_event(seats=2)
    order = api.post("/api/orders/", {"product_id": event.pk, "quantity": 2}, JSON)
    assert (order.status_code, order.json()["quantity"]) == (201, 2)
    assert api.post("/api/orders/", {"product_id": 999_999}, JSON).status_code == 400
    assert api.delete(f"/api/orders/{order.json()['id']}/").json()["state"] == "cancelled"
    assert api.delete(f"/api/orders/{order.json()['id']}/").json()["state"] == "cancelled"


def test_enrolment_repeated_with_an_idempotency_key_is_one_order(api):
    event = make_event(seats=3)
    url, key = f"/api/v1/events/{event.pk}/enrol/", {"idempotency-key": "a"}
    answers = [api.post(url, {"seats": 1}, JSON, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert Event.objects.get().taken == 1


def test_whole_event_can_be_sent_back_and_unknown_fields_are_refused(api, alice, bob):
    event = make_event(alice, title="A", seats=2)
    url = f"/api/v1/events/{event.pk}/"
    whole = api.get(url).json()
    whole["tags"] = [tag["name"] for tag in whole["tags"]]
    changed = api.patch(url, whole | {"title": "B"}, JSON)
    assert (changed.status_code, changed.json().get("title")) == (200, "B"), changed.json()
    refused = api.patch(url, {"taken": 0, "flavour": 1}, JSON)
    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == ["flavour"]
    order = enrol(event_pk=event.pk, user=bob, at=timezone.now())
    assert api.patch(f"/api/v1/orders/{order.pk}/", {"paid": True}, JSON).json()["paid"] is True
    assert api.delete(url).json()["state"] == "cancelled"


def test_invalid_filters_are_named_in_the_error(api):
    refused = api.get("/api/v1/events/?start_from=ontem&ordering=x&price_min=a")
    assert refused.status_code == 400
    assert set(refused.json()["fields"]) == {"start_from", "ordering", "price_min"}
