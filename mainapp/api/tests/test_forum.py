"""Rooms and messages."""

from uuid import uuid4

import pytest
from django.utils import timezone

from mainapp.clubs.tests.factories import make_club
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.services.rooms import create_room
from mainapp.market.tests.factories import StockFactory

ROOMS = "/api/v1/rooms/"


@pytest.fixture
def api(alice, client):
    client.force_login(alice)
    return client


@pytest.fixture
def room(bob):
    return make_room(bob)


def make_room(host, name="Sala"):
    now = timezone.now()
    return Room.objects.create(name=name, host=host, created_at=now, active_at=now)


def post(client, path="", **data):
    return client.post(ROOMS + path, data, content_type="application/json")


def test_room_is_created(api, alice):
    StockFactory(symbol="PETR4")
    response = post(api, name=" Dividendos  de  março ", topic="Renda", stock="petr4")

    assert response.status_code == 201
    data = response.json()
    assert data["name"] == "Dividendos de março"
    assert (data["stock"], data["host"]["id"]) == ("PETR4", alice.pk)
    assert api.get(ROOMS).json()["results"] == [data]


@pytest.mark.parametrize(
    ("data", "wrong"),
    [({}, "name"), ({"name": " \u200b"}, "name"), ({"name": "a", "stock": "XXXX3"}, "stock")],
)
def test_invalid_room_is_refused_by_field(api, data, wrong):
    response = post(api, **data)

    assert (response.status_code, list(response.json()["fields"])) == (400, [wrong])


def test_anonymous_client_reads_but_cannot_write(room, client):
    assert client.get(ROOMS).json()["count"] == 1
    assert client.get(f"{ROOMS}{room.pk}/messages/").status_code == 200
    assert post(client, name="a").status_code == 401
    assert post(client, f"{room.pk}/messages/", client_id=uuid4(), body="oi").status_code == 401


def test_rooms_are_searched_and_ordered(client, bob):
    for name in ("Vale", "Petróleo", "Bancos"):
        make_room(bob, name)

    def names(**query):
        return [row["name"] for row in client.get(ROOMS, query).json()["results"]]

    assert names() == ["Bancos", "Petróleo", "Vale"]
    assert names(ordering="-name") == ["Vale", "Petróleo", "Bancos"]
    assert names(q="petroleo") == ["Petróleo"]


def test_message_sent_twice_is_stored_once(api, room):
    client_id = str(uuid4())
    first = post(api, f"{room.pk}/messages/", client_id=client_id, body="**oi**")
    repeated = post(api, f"{room.pk}/messages/", client_id=client_id, body="outra coisa")

    assert first.status_code == repeated.status_code == 201
    assert first.json() == repeated.json()
    assert first.json() | {"client_id": client_id, "seq": 1} == first.json()
    data = api.get(f"{ROOMS}{room.pk}/messages/").json()
    assert (data["last_seq"], data["more"]) == (1, False)
    assert data["items"][0]["body"] == "**oi**"
    assert "<strong>oi</strong>" in data["items"][0]["body_html"]


def test_messages_after_a_number_are_returned(api, room):
    for body in ("um", "dois", "três"):
        post(api, f"{room.pk}/messages/", client_id=uuid4(), body=body)
    items = api.get(f"{ROOMS}{room.pk}/messages/?after=1").json()["items"]

    assert [item["seq"] for item in items] == [2, 3]
    api.logout()
    assert "body" not in api.get(f"{ROOMS}{room.pk}/messages/").json()["items"][0]


@pytest.mark.parametrize(
    ("change", "code", "status"), [("muted", "muted", 403), ("closed", "closed", 403)]
)
def test_refusal_to_write_has_its_reason(api, alice, room, change, code, status):
    now = timezone.now()
    Participant.objects.create(room=room, user=alice, joined_at=now, is_muted=change == "muted")
    Room.objects.update(is_closed=change == "closed")
    response = post(api, f"{room.pk}/messages/", client_id=uuid4(), body="oi")

    assert (response.status_code, response.json()["code"]) == (status, code)


def test_number_of_messages_is_limited(api, room):
    responses = [post(api, f"{room.pk}/messages/", client_id=uuid4(), body="oi") for _ in range(11)]

    assert responses[-1].status_code == 429
    assert 1 <= int(responses[-1]["Retry-After"]) <= 10
    assert Message.objects.count() == 10


def test_missing_room_is_404(api, db):
    assert api.get(f"{ROOMS}999999/messages/").status_code == 404
    response = post(api, "999999/messages/", client_id=uuid4(), body="oi")
    assert response.status_code == 404


@pytest.mark.parametrize("rows", [3, 30])
def test_rooms_cost_the_same_queries_at_any_number(client, bob, django_assert_num_queries, rows):
    for _ in range(rows):
        make_room(bob)
    with django_assert_num_queries(2):
        assert len(client.get(ROOMS).json()["results"]) == rows


@pytest.mark.parametrize("rows", [3, 30])
def test_messages_cost_the_same_queries_at_any_number(
    client, room, bob, django_assert_num_queries, rows
):
    Message.objects.bulk_create(
        Message(room=room, author=bob, seq=n + 1, body="x", body_html="x", sent_at=timezone.now())
        for n in range(rows)
    )
    with django_assert_num_queries(2):
        data = client.get(f"{ROOMS}{room.pk}/messages/").json()
    assert len(data["items"]) == rows


def test_rooms_of_clubs_are_listed_for_their_members_alone(alice, bob, client):
    club = make_club(alice, name="Nosso clube")
    create_room(host=bob, name="Pública")
    client.force_login(alice)
    body = {"name": "Do clube", "club": club.slug}
    made = client.post("/api/v1/rooms/", body, content_type="application/json")
    assert (made.status_code, made.json()["club"]) == (201, club.slug)

    def names(query=""):
        return [room["name"] for room in client.get(f"/api/v1/rooms/{query}").json()["results"]]

    assert names() == ["Do clube", "Pública"]
    assert names(f"?club={club.slug}") == ["Do clube"]
    unknown = client.post(
        "/api/v1/rooms/", body | {"club": "nunca"}, content_type="application/json"
    )
    client.force_login(bob)
    foreign = client.post("/api/v1/rooms/", body, content_type="application/json")
    assert unknown.status_code == foreign.status_code == 404
    assert names() == names(f"?club={club.slug}") == names("?club=nunca") == ["Pública"]
    assert names(f"?club={club.slug}&club=nunca") == names("?club=") == ["Pública"]
    assert client.get(f"/api/v1/rooms/{made.json()['id']}/messages/").status_code == 404
