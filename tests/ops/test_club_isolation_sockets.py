"""Isolation of a club full of canaries: sockets of outsiders behave as if it did not exist.

Planted leaks prove that the run finds leaks and names their places.
"""

import pytest

from mainapp.clubs.models import Club
from mainapp.ideas.models import IdeaQuerySet
from mainapp.notifications.selectors.inbox import items_after
from tests.club_canary import OUTSIDERS, PK, SLUG, make_club_world
from tests.club_requests import Tally
from tests.club_sockets import leaking_sockets, receiving_sockets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture
def world(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return make_club_world()


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_every_socket_answers_as_for_a_club_that_never_was(person, world, websocket, tally):
    assert await leaking_sockets(world, person, websocket, tally) == []


async def test_no_event_of_the_club_reaches_a_socket_of_an_outsider(world, websocket):
    assert {person for person, _address in await receiving_sockets(world, websocket)} == {"beto"}


async def test_a_socket_that_skips_the_membership_is_reported(world, websocket, monkeypatch):
    def club_pk(slug, _user_pk):
        return Club.objects.filter(slug=slug).values_list("pk", flat=True).first()

    monkeypatch.setattr("mainapp.clubs.selectors.members.club_pk_of_member", club_pk)
    leaks = await leaking_sockets(world, "stranger", websocket, Tally())
    assert [leak.partition("?")[0] for leak in leaks] == [f"/ws/club/{SLUG}/"], leaks


async def test_a_frame_that_skips_the_membership_is_reported(world, websocket, monkeypatch):
    def items(_user, after):
        return items_after(world.users["beto"], after - 1)

    monkeypatch.setattr("mainapp.notifications.consumers.items_after", items)
    leaks = await leaking_sockets(world, "stranger", websocket, Tally())
    assert [leak.partition("?")[0] for leak in leaks] == ["/ws/notifications/"], leaks


async def test_an_event_that_skips_the_membership_is_reported(world, websocket, monkeypatch):
    monkeypatch.setattr(IdeaQuerySet, "visible_to", lambda ideas, _user: ideas.all())
    monkeypatch.setattr("mainapp.ideas.fanout.hub.has_lost_access", lambda *_: False)
    found = await receiving_sockets(world, websocket)
    assert {pair for pair in found if pair[0] != "beto"} == {
        (person, f"/ws/idea/{PK}/?club={SLUG}") for person in OUTSIDERS
    }
