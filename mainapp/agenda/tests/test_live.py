"""Changes of events on the open pages of those who may see them."""

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.agenda.services.events import cancel_event
from mainapp.agenda.services.seats import enrol
from mainapp.agenda.tests.factories import make_club, make_event
from mainapp.clubs.services.clubs import delete_club, restore_club
from mainapp.clubs.services.members import remove_member
from mainapp.core.realtime import query
from mainapp.notifications.fanout import parts

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/ws/notifications/"


@pytest.fixture
def people(transactional_db):
    return [User.objects.create_user(name) for name in ("alice", "bob", "carol")]


@pytest.fixture
def club(people):
    """A club of alice and bob."""
    return make_club(*people[:2])


@pytest.fixture(autouse=True)
def _short_times(monkeypatch):
    monkeypatch.setattr(parts, "PART_S", 0)


async def changed(socket):
    return (await socket.next("changed"))["part"]


async def test_everybody_gets_changes_of_public_events(websocket, people):
    async with websocket(PATH, people[0]) as alice, websocket(PATH, people[2]) as carol:
        event = await query(make_event, people[1])
        assert [await changed(alice), await changed(carol)] == ["agenda", "agenda"]
        await query(cancel_event, event_pk=event.pk, actor=people[1], at=timezone.now())
        assert [await changed(alice), await changed(carol)] == ["agenda", "agenda"]


async def test_only_members_get_changes_of_a_clubs_events(websocket, people, club):
    async with websocket(PATH, people[1]) as bob, websocket(PATH, people[2]) as carol:
        assert [(await s.next())["type"] for s in (bob, carol)] == ["snapshot", "snapshot"]
        await query(make_event, people[0], club=club)
        assert await changed(bob) == "agenda"
        # Frames are sent in order: one about the event would come before the answer.
        assert (await carol.request({"type": "ping"}))["type"] == "pong"
        await query(make_event, people[0])
        assert (await carol.next())["type"] == "changed"


async def test_a_removed_member_gets_one_last_change(websocket, people, club):
    alice, bob, _carol = people
    async with websocket(PATH, alice) as own, websocket(PATH, bob) as former:
        for socket in (own, former):
            await socket.next("snapshot")
        await query(remove_member, club_pk=club.pk, user_pk=bob.pk, actor=alice, at=timezone.now())
        assert await changed(former) == "agenda"
        await query(make_event, alice, club=club)
        assert await changed(own) == "agenda"
        assert (await former.request({"type": "ping"}))["type"] == "pong"


async def test_orders_do_not_make_every_page_fetch(websocket, people):
    alice, bob, _carol = people
    event = await query(make_event, alice)
    async with websocket(PATH, bob) as socket:
        await socket.next("snapshot")
        await query(enrol, event_pk=event.pk, user=bob, at=timezone.now())
        await query(make_event, alice)
        assert await changed(socket) == "agenda"
        assert (await socket.request({"type": "ping"}))["type"] == "pong"


async def test_members_get_a_change_when_their_club_is_deleted_or_restored(websocket, people, club):
    alice, bob, carol = people
    async with websocket(PATH, bob) as member, websocket(PATH, carol) as other:
        for socket in (member, other):
            await socket.next("snapshot")
        for change in (delete_club, restore_club):
            await query(change, club_pk=club.pk, actor=alice, at=timezone.now())
            assert await changed(member) == "agenda"
        assert (await other.request({"type": "ping"}))["type"] == "pong"
