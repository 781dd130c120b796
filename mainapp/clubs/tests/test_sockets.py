"""Sockets of clubs: access, hints of changes, and the end of a membership."""

import pytest
from django.db import transaction
from django.utils import timezone
from PIL import Image

from mainapp.accounts.models import User
from mainapp.clubs.consumers import club_hub
from mainapp.clubs.fanout import hub
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.services.changes import club_changed, members_left
from mainapp.clubs.services.clubs import delete_club, restore_club
from mainapp.clubs.services.pictures import CLUB_PICTURES
from mainapp.clubs.tests.factories import make_club
from mainapp.core.pictures.folders import new_key
from mainapp.core.pictures.kinds import make_thumbnails
from mainapp.core.realtime import flush_published, query

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db):
    return [User.objects.create_user(name) for name in ("alice", "bob", "carol")]


@pytest.fixture
def club(people):
    alice, bob, _carol = people
    return make_club(alice, bob)


@pytest.fixture(autouse=True)
def _short_times(monkeypatch):
    monkeypatch.setattr(hub, "SWEEP_S", 0.05)


@pytest.fixture
def short_period(monkeypatch):
    monkeypatch.setattr(hub, "CHANGED_S", 0.1)


def url(club):
    return f"/ws/club/{club.slug}/"


async def opened(socket):
    """Wait until the hub knows the socket."""
    assert (await socket.request({"type": "ping"}))["type"] == "pong"


async def test_a_club_does_not_exist_for_others(websocket, club, people):
    admin = await query(User.objects.create_user, "root", access_level=User.Access.ADMIN)
    for stranger, code in ((None, 4401), (people[2], 4404), (admin, 4404)):
        for path in (url(club), "/ws/club/nothing/"):
            async with websocket(path, stranger) as socket:
                assert await socket.closed() == code


async def test_an_archived_club_has_no_sockets(websocket, club, people):
    await query(Club.objects.update, archived_at=club.created_at)
    async with websocket(url(club), people[0]) as socket:
        assert await socket.closed() == 4404


async def test_members_receive_changes_after_the_commit_and_at_most_one_a_second(
    websocket, club, people, short_period
):
    def change(is_committed):
        with transaction.atomic():
            club_changed(club.pk, "ideas" if is_committed else "list")
            transaction.set_rollback(not is_committed)

    async with websocket(url(club), people[1]) as socket:
        await opened(socket)
        await query(change, False)
        for _time in range(3):
            await query(change, True)
            await query(flush_published)
        await query(club_changed, club.pk, "rooms")

        frames = [await socket.next() for _frame in range(3)]
        await opened(socket)
    assert [frame["part"] for frame in frames] == ["ideas", "rooms", "ideas"]


async def test_other_clubs_receive_nothing(websocket, club, people):
    other = await query(make_club, people[2])
    async with websocket(url(club), people[0]) as socket, websocket(url(other), people[2]) as own:
        await opened(socket)
        await opened(own)
        await query(club_changed, club.pk, "ideas")
        assert await socket.next() == {"type": "changed", "part": "ideas"}
        await opened(own)
        await query(club_changed, None, "ideas")


async def test_removed_members_get_room_gone_and_are_closed(websocket, club, people):
    alice, bob, _carol = people
    async with (
        websocket(url(club), alice) as staying,
        websocket(url(club), bob) as removed,
    ):
        await opened(staying)
        await opened(removed)
        await query(ClubMember.objects.filter(user=bob).delete)
        await query(members_left, club.pk, [alice.pk, bob.pk])
        await query(club_changed, club.pk, "members")

        assert await removed.next() == {"type": "room_gone"}
        assert await removed.closed() == 4404
        assert await staying.next() == {"type": "changed", "part": "members"}


async def test_a_lost_message_is_found_by_the_sweep(websocket, club, people):
    async with websocket(url(club), people[1]) as socket:
        await opened(socket)
        await query(ClubMember.objects.filter(user=people[1]).delete)
        assert await socket.next() == {"type": "room_gone"}
        assert await socket.closed() == 4404
    assert club_hub().clubs == {}


async def test_open_pages_hear_of_a_new_picture(websocket, club, people):
    key = new_key()
    folder = CLUB_PICTURES.folders.folder(key)
    folder.mkdir(parents=True)
    Image.new("RGB", (60, 60)).save(folder / "source.png")
    await query(Club.objects.update, picture_pending=key)
    async with websocket(url(club), people[1]) as socket:
        await opened(socket)
        await query(make_thumbnails, CLUB_PICTURES.name, club.pk)
        assert await socket.next() == {"type": "changed", "part": "club"}


async def test_the_lists_of_a_club_leave_and_return_with_it(websocket, club, people):
    alice, bob, _carol = people
    async with websocket("/ws/stock/track/", bob) as socket:
        await socket.next("snapshot")
        for service in (delete_club, restore_club):
            await query(service, club_pk=club.pk, actor=alice, at=timezone.now())
            await socket.next("lists")
