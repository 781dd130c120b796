"""`ws/presence/` through the whole stack, and `online-users/`."""

import time

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from mainapp.accounts.fanout import online
from mainapp.accounts.fanout import presence as hub
from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.accounts.services.preferences import save_preferences
from mainapp.core.consumers import SESSION_ENDED
from mainapp.core.realtime import leases
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.forum.models import Message, Participant
from mainapp.forum.services.chats import open_chat, remove_person
from mainapp.forum.services.messages import post_message
from mainapp.forum.tests.factories import RoomFactory

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/ws/presence/"
ONLINE = "/api/v1/online-users/"


@pytest.fixture(autouse=True)
def _shorter_times(monkeypatch):
    monkeypatch.setattr(online, "LINGER_S", 0.02)
    monkeypatch.setattr(online, "GATHER_S", 0.01)
    monkeypatch.setattr(hub, "FRAME_S", 0.01)


@pytest.fixture
def carol(transactional_db):
    return User.objects.create_user("carol")


@pytest.fixture
def friends(alice, bob, carol):
    """alice and bob with a direct room; carol shares nothing with them."""
    open_chat(user=alice, user_ids=[bob.pk])
    return alice, bob, carol


def ids(people):
    return [person["id"] for person in people]


async def until_frame(socket, accept):
    """Return the first frame that `accept` accepts."""
    while not accept(frame := await socket.next("presence")):
        pass
    return frame


async def test_people_of_my_rooms_are_named_and_the_others_counted(websocket, friends):
    alice, bob, carol = friends
    async with websocket(URL, carol), websocket(URL, bob), websocket(URL, alice) as socket:
        frame = await until_frame(socket, lambda f: f["count"] == 3)
        async with websocket(URL, alice) as second:
            first = await second.next()

    assert frame["type"] == "presence"
    assert first == {
        "type": "presence",
        "online": [{"id": bob.pk, "name": "bob", "avatar": None}],
        "count": 3,
    }


async def test_joining_and_leaving_with_two_tabs(websocket, friends):
    alice, bob, _carol = friends
    async with websocket(URL, alice) as socket:
        assert (await socket.next())["online"] == []
        async with websocket("/ws/notifications/", bob):
            async with websocket(URL, bob):
                frame = await until_frame(socket, lambda f: f["joined"])
                assert (ids(frame["joined"]), frame["left"], frame["count"]) == ([bob.pk], [], 2)
            async with websocket("/ws/notifications/", bob):
                pass
            online_now = await sync_to_async(lambda: online.online_users())()
            assert online_now == {alice.pk, bob.pk}
        frame = await until_frame(socket, lambda f: f["left"])

    assert (ids(frame["left"]), frame["joined"], frame["count"]) == ([bob.pk], [], 1)
    assert frame["left"][0]["last_seen"].endswith("Z")


async def test_anonymous_users_are_closed_with_4401(websocket, db):
    async with websocket(URL) as socket:
        assert await socket.closed() == SESSION_ENDED


async def test_hidden_users_are_neither_named_nor_counted_nor_present(websocket, friends):
    alice, bob, _carol = friends
    room = await sync_to_async(RoomFactory)()
    async with (
        websocket(URL, alice) as socket,
        websocket(f"/ws/room/{room.pk}/", alice) as in_room,
        websocket(f"/ws/room/{room.pk}/", bob) as hiding,
    ):
        await until_frame(socket, lambda f: ids(f.get("joined", f.get("online"))) == [bob.pk])
        await until_frame(in_room, lambda f: ids(f["joined"]) == [bob.pk])
        await sync_to_async(save_preferences)(user=bob, hides_presence=True)

        frame = await until_frame(socket, lambda f: f["left"])
        assert (ids(frame["left"]), frame["count"]) == ([bob.pk], 1)
        assert ids((await until_frame(in_room, lambda f: f["left"]))["left"]) == [bob.pk]
        await hiding.send({"type": "typing"})
        await hiding.send({"type": "ping"})
        await hiding.next("pong")

        await sync_to_async(save_preferences)(user=bob, hides_presence=False)
        frame = await until_frame(socket, lambda f: f["joined"])
        assert (ids(frame["joined"]), frame["count"]) == ([bob.pk], 2)
        assert (await in_room.next())["type"] == "presence"  # and not "typing"


async def test_the_blocked_person_never_sees_the_blocker(websocket, friends):
    alice, bob, _carol = friends
    async with websocket(URL, alice) as socket, websocket(URL, bob) as other:
        await until_frame(socket, lambda f: f["count"] == 2)
        await until_frame(other, lambda f: f["count"] == 2)
        await sync_to_async(block_user)(blocker=bob, blocked=alice, at=timezone.now())

        frame = await until_frame(socket, lambda f: f["left"])
        assert (ids(frame["left"]), frame["count"]) == ([bob.pk], 1)


async def test_a_removed_person_sees_the_group_leave(websocket, friends):
    _alice, bob, carol = friends
    group, _is_new = await sync_to_async(open_chat)(user=bob, user_ids=[carol.pk], name="Grupo")
    async with websocket(URL, carol) as socket, websocket(URL, bob):
        await until_frame(socket, lambda f: f["count"] == 2)
        await sync_to_async(remove_person)(room_pk=group.pk, actor=bob, user_pk=carol.pk)

        frame = await until_frame(socket, lambda f: f["left"])
        assert (ids(frame["left"]), frame["count"]) == ([bob.pk], 2)


async def test_people_of_a_forum_room_are_named_for_those_who_write_there(
    websocket, alice, bob, carol
):
    room = await sync_to_async(RoomFactory)()
    for user in (alice, bob):
        await sync_to_async(post_message)(room_pk=room.pk, author=user, body="oi", client_id=None)
    await Message.objects.filter(author=bob).aupdate(sent_at="2020-01-01T00:00:00Z")
    assert await Participant.objects.filter(room=room).acount() >= 2
    async with websocket(URL, alice) as writer, websocket(URL, bob) as former:
        frames = [await until_frame(s, lambda f: f["count"] == 2) for s in (writer, former)]

    assert [ids(f.get("joined", f.get("online"))) for f in frames] == [[bob.pk], []]


async def test_online_users_is_the_same(websocket, friends, client):
    alice, bob, _carol = friends
    await sync_to_async(client.force_login)(alice)
    async with websocket(URL, bob):
        await sync_to_async(wait_until_online)(bob)
        response = await sync_to_async(client.get)(ONLINE)

    (person,) = response.json()["online"]
    assert person.pop("last_seen").endswith("Z")
    assert response.json()["count"] == 1
    assert person == {"id": bob.pk, "name": "bob", "avatar": None}


def wait_until_online(user):
    while user.pk not in online.online_users():
        pass


def test_a_profile_shows_who_is_online_to_people_of_common_rooms(friends, client):
    alice, bob, carol = friends

    def shown_to(user):
        client.force_login(user)
        html = client.get(f"/profile/{bob.pk}/").content.decode()
        return html.partition(f'data-presence-text="{bob.pk}"')[2].partition("</span>")[0]

    redis_client().zadd(online.SEEN_KEY, {bob.pk: time.time() - 300})
    assert ">visto há 5 min" in shown_to(alice)
    lease = leases._member(online.SITE, bob.pk, "process")
    redis_client().zadd(key(online.SITE, "present"), {lease: time.time()})
    assert shown_to(alice) == " data-online>online"
    assert shown_to(carol) == ">"
    save_preferences(user=bob, hides_presence=True)
    assert shown_to(alice) == ">"
    assert redis_client().zscore(online.SEEN_KEY, bob.pk) is None
