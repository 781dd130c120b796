"""Sockets of a club's rooms: joining, moderating, and leaving with the club."""

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import ClubMember
from mainapp.clubs.services.clubs import delete_club
from mainapp.clubs.services.members import change_role, leave_club, remove_member
from mainapp.clubs.tests.factories import make_club
from mainapp.core.realtime import query
from mainapp.forum.services.club_rooms import create_club_room
from mainapp.forum.tests.factories import MessageFactory
from mainapp.forum.tests.test_private_sockets import no_more, say, url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db):
    return [User.objects.create_user(name) for name in ("alice", "bob", "carol")]


@pytest.fixture
def club(people):
    """A club that alice owns and of which bob is a member; carol is a stranger."""
    return make_club(*people[:2])


@pytest.fixture
def room(club, people):
    room = create_club_room(club_pk=club.pk, actor=people[0], name="Sala")
    MessageFactory(room=room, author=people[0], body="antes")
    return room


def join(club, user):
    ClubMember.objects.create(club=club, user=user, joined_at=timezone.now())


async def test_a_clubs_room_does_not_exist_for_others(websocket, room, people):
    admin = await query(User.objects.create_user, "root", access_level=User.Access.ADMIN)
    for stranger in (None, people[2], admin):
        async with websocket(url(room), stranger) as socket:
            assert await socket.closed() == 4404


async def test_a_new_member_reads_the_whole_history_and_the_next_message(
    websocket, club, room, people
):
    alice, _bob, carol = people
    async with websocket(url(room), alice) as first:
        await first.next("room")
        await query(join, club, carol)
        async with websocket(url(room), carol) as socket:
            assert (await socket.next("room"))["kind"] == "club"
            await socket.send({"type": "resume", "after": 0})
            page = await socket.next("messages")
            assert [item["content"] for item in page["items"]] == [{"text": "antes"}]
            await say(room, alice, "depois")
            assert (await socket.next("message"))["content"] == {"text": "depois"}


@pytest.mark.parametrize("way", ["removed", "left", "club deleted"])
async def test_socket_ends_with_the_membership(websocket, club, room, people, way):
    alice, bob, _carol = people
    at = timezone.now()
    async with websocket(url(room), bob) as socket:
        await socket.next("room")
        if way == "removed":
            await query(remove_member, club_pk=club.pk, actor=alice, user_pk=bob.pk, at=at)
        elif way == "left":
            await query(leave_club, club_pk=club.pk, user=bob)
        else:
            await query(delete_club, club_pk=club.pk, actor=alice, at=at)
        if way != "club deleted":
            await say(room, alice, "sem bob")
        assert await socket.closed() == 4404
    async with websocket(url(room), bob) as again:
        assert await again.closed() == 4404


async def test_a_new_manager_moderates_and_a_former_one_does_not(websocket, club, room, people):
    alice, bob, _carol = people
    at, own = timezone.now(), {"club_pk": club.pk, "actor": alice, "user_pk": bob.pk}
    async with websocket(url(room), bob) as socket:
        assert (await socket.next("room"))["may"] == ["send", "edit", "delete", "report"]
        await query(change_role, **own, role="manager", at=at)
        assert "delete_any" in (await socket.next("room"))["may"]
        await socket.send({"type": "delete", "seq": 1})
        await socket.next("deleted")
        await query(change_role, **own, role="member", at=at)
        assert "delete_any" not in (await socket.next("room"))["may"]
        await no_more(socket, "error")
