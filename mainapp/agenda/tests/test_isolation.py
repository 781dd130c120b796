"""Events of a club do not exist for others: two real clubs, whose ids and slugs are exchanged."""

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.agenda.models import Event, Order
from mainapp.agenda.services.events import create_event, remove_event, update_event
from mainapp.agenda.services.seats import enrol
from mainapp.agenda.tests.factories import make_club, make_event
from mainapp.core.exceptions import DomainError
from mainapp.core.search import search
from mainapp.moderation.services.complaints import complain

MISSING = 999_999
PAGES = ("evento", "event-file", "update-event", "cancel-event", "event-orders", "report-event")
ACTIONS = ("enrol-event", "give-back-seat", "update-event", "cancel-event", "report-event")
CALLS = [
    *(("api-event", method, {}) for method in ("get", "patch", "delete")),
    *(("api-enrol", method, {}) for method in ("post", "delete")),
    ("api-event-orders", "get", {}),
]


@pytest.fixture
def world(alice, bob):
    """Return Alice's club event with Bob's own club; staff is a member of neither."""
    staff = User.objects.create_user("sara", access_level=User.Access.ADMIN)
    club = make_club(alice, name="Alfa")
    make_club(bob, name="Beta")
    event = make_event(alice, club=club, title="Segredo", seats=3)
    order = enrol(event_pk=event.pk, user=alice, at=timezone.now())
    return {"event": event, "order": order, "club": club, "staff": staff}


@pytest.fixture(params=["anonymous", "bob", "sara"])
def stranger(request, world, client):
    user = User.objects.filter(username=request.param).first()
    if user:
        client.force_login(user)
    return user


def answer(response, pk):
    """Return a response's status and text, without the address itself."""
    return response.status_code, response.content.decode().replace(str(pk), "…")


@pytest.mark.parametrize("name", PAGES)
def test_pages_answer_as_for_an_id_that_never_was(name, world, stranger, client):
    pks = (world["event"].pk, MISSING)
    got, missing = (answer(client.get(reverse(name, args=[pk])), pk) for pk in pks)
    assert got[0] == missing[0] in (302, 404)
    assert "Segredo" not in got[1]


@pytest.mark.parametrize("name", ACTIONS)
def test_actions_answer_as_for_an_id_that_never_was(name, world, stranger, client):
    pks = (world["event"].pk, MISSING)
    got, missing = (client.post(reverse(name, args=[pk])).status_code for pk in pks)
    assert got == missing
    order = client.post(reverse("mark-order", args=[world["order"].pk]), {"paid": "on"})
    assert order.status_code == client.post(reverse("mark-order", args=[MISSING])).status_code
    assert Event.objects.get(pk=world["event"].pk).state == "active"
    assert Order.objects.count() == 1


@pytest.mark.parametrize(("name", "method", "body"), CALLS)
def test_operations_answer_as_for_an_id_that_never_was(name, method, body, world, stranger, client):
    for pk, other in ((world["event"].pk, MISSING), (world["order"].pk, MISSING)):
        place = name if pk == world["event"].pk else "api-order"
        verb = method if place == name else "get"
        got, missing = (
            getattr(client, verb)(reverse(place, args=[key]), body, "application/json")
            for key in (pk, other)
        )
        assert (got.status_code, got.content) == (missing.status_code, missing.content)
        assert got.status_code in (401, 404)


def test_lists_files_and_searches_have_public_events_only(world, stranger, client):
    make_event(title="Público")
    slugs = ("", "?club=alfa", "?club=", "?club=nada", "?club=alfa&club=beta", "?club=beta")
    for query in slugs:
        for name in ("agenda", "agenda-file", "api-events", "api-courses"):
            for more in ("", "&q=segredo", "&view=month"):
                url = f"{reverse(name)}{query or '?'}{more}"
                response = client.get(url)
                assert (url, response.status_code) == (url, 200)
                assert "Segredo" not in response.content.decode()
    api = client.get(f"{reverse('api-events')}?club=alfa").json()
    assert api == client.get(f"{reverse('api-events')}?club=nada").json() | {
        "results": api["results"]
    }
    user = stranger or type("Anonymous", (), {"pk": None, "is_authenticated": False})()
    found = [r.title for s in search("Segredo", user=user, limit=5) for r in s.results]
    assert found == []


def test_services_refuse_strangers(world, bob):
    event, at = world["event"], timezone.now()
    with pytest.raises(DomainError):
        enrol(event_pk=event.pk, user=bob, wait=True, at=at)
    for actor in (bob, world["staff"]):
        with pytest.raises(DomainError):
            update_event(event_pk=event.pk, actor=actor, fields={"title": "x"}, at=at)
        with pytest.raises(DomainError):
            create_event(host=actor, club=world["club"], fields={}, at=at)
        with pytest.raises(DomainError):
            complain(kind="event", pk=event.pk, reporter=actor, at=at)


def test_members_see_it_and_managers_manage_it(world, alice, client):
    client.force_login(alice)
    assert "Segredo" in client.get(reverse("agenda")).content.decode()
    assert client.get(reverse("event-orders", args=[world["event"].pk])).status_code == 200
    names = [event["title"] for event in client.get("/api/v1/events/?club=alfa").json()["results"]]
    assert names == ["Segredo"]


def test_removed_events_exist_for_nobody(world, alice, client):
    remove_event(world["event"].pk, world["staff"], timezone.now())
    client.force_login(alice)
    assert client.get(reverse("evento", args=[world["event"].pk])).status_code == 404
    assert client.get("/api/v1/events/").json()["results"] == []
    assert client.get("/api/v1/orders/").json()["results"] == []
