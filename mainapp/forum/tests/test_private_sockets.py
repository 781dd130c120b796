"""Sockets of private rooms: their frames, from joining until the response of a removal."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user, unblock_user
from mainapp.core.realtime import query
from mainapp.core.tests.pipes import until
from mainapp.forum.fanout import hub as forum_hub
from mainapp.forum.models import Message, Participant
from mainapp.forum.receivers import publish_change
from mainapp.forum.services.chats import add_people, leave_room, remove_person
from mainapp.forum.services.messages import post_message
from mainapp.forum.signals import room_changed
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, make_direct, make_group
from mainapp.forum.tests.test_fanout import Client, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db):
    return [User.objects.create_user(name) for name in ("alice", "bob", "carol")]


@pytest.fixture
def group(people):
    alice, bob, _carol = people
    return make_group(alice, bob)


@pytest.fixture
def no_hints():
    room_changed.disconnect(publish_change)
    yield
    room_changed.connect(publish_change)


def url(room):
    return f"/ws/room/{room.pk}/"


async def say(room, author, body="oi", **options):
    return await query(post_message, room_pk=room.pk, author=author, body=body, **options)


async def no_more(socket, *kinds):
    """Fail if a frame of these types arrives before the answer to a ping."""
    await socket.send({"type": "ping"})
    while (frame := await socket.next())["type"] != "pong":
        assert frame["type"] not in kinds, frame


# Who may open it -----------------------------------------------------------------------------


async def test_a_private_room_does_not_exist_for_others(websocket, group, people):
    carol = people[2]
    admin = await query(User.objects.create_user, "root", access_level=User.Access.ADMIN)
    async with websocket(url(group), people[0]) as socket:
        await socket.next("room")
        for stranger in (None, carol, admin):
            async with websocket(url(group), stranger) as other:
                assert await other.closed() == 4404
        await no_more(socket, "presence", "room")


@pytest.mark.parametrize("path", ["/ws/room/{}/", "/ws/chat/room/{}/"])
async def test_first_frame_of_a_private_room(websocket, group, people, path):
    alice, bob, _carol = people
    await query(Participant.objects.filter(user=bob).update, read_seq=7)
    async with websocket(path.format(group.pk), alice) as socket:
        frame = await socket.next()

    assert frame["may"] == ["send", "edit", "delete", "report", "leave", "add", "rename", "remove"]
    assert (frame["kind"], frame["reads"]) == ("group", [{"user": bob.pk, "seq": 7}])
    assert [person["id"] for person in frame["present"]] == [alice.pk]


async def test_an_added_person_gets_in_and_receives_the_very_next_message(
    websocket, group, people, no_hints, monkeypatch
):
    """This process has received no hint and made no poll since the participant was added."""
    monkeypatch.setattr(forum_hub, "POLL_S", 60)
    alice, _bob, carol = people
    await query(MessageFactory, room=group, author=alice, body="antes")
    async with websocket(url(group), alice) as first:
        await first.next("room")
        await query(add_people, room_pk=group.pk, actor=alice, user_ids=[carol.pk])
        async with websocket(url(group), carol) as added:
            await added.next("room")
            await first.send({"type": "send", "client_id": str(uuid4()), "body": "oi, Carol"})
            frames = [await added.next("message") for _ in range(2)]
            page = await added.request({"type": "resume", "after": 0})

    assert [frame["seq"] for frame in frames] == [2, 3]
    assert (frames[0]["kind"], frames[0]["content"]) == (
        "system",
        {"code": "joined", "by": alice.pk},
    )
    assert [item["seq"] for item in page["items"]] == [2, 3]


# Removal -------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize("first", ["typing", "message"])
async def test_from_a_removal_on_no_frame_reaches_any_process(
    group, people, no_hints, monkeypatch, leaves, first
):
    """Even with all hints lost and before the next poll."""
    monkeypatch.setattr(forum_hub, "POLL_S", 60)
    alice, bob, _carol = people
    async with running() as here, running() as there:
        gone = [await Client.enter(hub, group, bob) for hub in (here, there)]
        stays = [await Client.enter(hub, group, alice) for hub in (here, there)]
        await say(group, bob, "antes")
        for hub in (here, there):
            hub.notify(group.pk, 1)
        await until(lambda: all(client.seqs == [1] for client in (*gone, *stays)))
        if leaves:
            await query(leave_room, room_pk=group.pk, user=bob)
        else:
            await query(remove_person, room_pk=group.pk, actor=alice, user_pk=bob.pk)
        await say(group, alice, "sem Bob")
        for hub, client in zip((here, there), stays, strict=True):
            if first == "typing":
                await hub.passing.send_typing(client.room, client.socket.person)
            hub.notify(group.pk, 3)
        await until(lambda: all(client.seqs == [1, 2, 3] for client in stays))

        assert all(client.is_closed for client in gone)
        assert [client.seqs for client in gone] == [[1], [1]]
        assert [client.frames("typing") for client in gone] == [[], []]


async def test_a_hint_suspends_the_room_until_its_rules_are_read(group, people, monkeypatch):
    monkeypatch.setattr(forum_hub, "POLL_S", 60)
    alice, bob, _carol = people
    async with running() as hub:
        await hub.ready()
        gone, stays = [await Client.enter(hub, group, user) for user in (bob, alice)]
        hub.rules.note(gone.room, 5)
        gone.room.send_typing(stays.socket.person, hub.now())
        gone.room.send_read(stays.socket.person, 9)
        assert gone.frames("typing", "read") == []
        await until(lambda: not gone.room.is_suspended)  # no removal in the database: it goes on
        gone.room.send_typing(stays.socket.person, hub.now())
        assert len(gone.frames("typing")) == 1


async def test_a_removed_person_is_closed_with_4404(websocket, group, people):
    alice, bob, _carol = people
    async with websocket(url(group), bob) as socket:
        await socket.next("room")
        await query(remove_person, room_pk=group.pk, actor=alice, user_pk=bob.pk)
        assert await socket.closed() == 4404
        async with websocket(url(group), bob) as again:
            assert await again.closed() == 4404


# Messages ------------------------------------------------------------------------------------


async def test_other_services_form_of_a_message_is_a_send(websocket, group, people):
    alice, bob, _carol = people
    async with websocket(url(group), alice) as socket, websocket(url(group), bob) as other:
        await other.next("room")  # earlier messages would not be sent to it
        for extra in ({"id": 7}, {}):
            await socket.send({"type_message": "text", "content": {"text": "oi"}, **extra})
        acks = [await socket.next("ack") for _ in range(2)]
        messages = [await other.next("message") for _ in range(2)]

    assert acks == [{"type": "ack", "seq": 1, "id": 7}, {"type": "ack", "seq": 2}]
    assert [message["content"] for message in messages] == [{"text": "oi"}] * 2


async def test_ack_names_the_mentioned_who_are_outside(websocket, group, people):
    async with websocket(url(group), people[0]) as socket:
        await socket.send({"type": "send", "id": 1, "body": "@carol @bob"})
        assert (await socket.next("ack"))["not_notified"] == ["carol"]


async def test_a_reply_is_quoted_to_those_who_may_read_it(websocket, group, people):
    alice, bob, carol = people
    await say(group, alice, "segredo **antigo**")
    await query(add_people, room_pk=group.pk, actor=alice, user_ids=[carol.pk])
    async with websocket(url(group), bob) as old, websocket(url(group), carol) as new:
        for socket in (old, new):
            await socket.next("room")
        await old.send({"type": "send", "id": 1, "body": "sim", "reply_to": 1})
        quoted, hidden = [(await s.next("message"))["reply_to"] for s in (old, new)]
        items = (await new.request({"type": "resume", "after": 2}))["items"]

    assert (quoted["seq"], quoted["user"]["id"]) == (1, alice.pk)
    assert quoted["excerpt"] == "segredo antigo"
    assert hidden == items[0]["reply_to"] == {"seq": 1, "user": None, "excerpt": ""}


async def test_old_messages_change_for_those_who_may_read_them(websocket, group, people):
    alice, _bob, carol = people
    await say(group, alice, "antes")
    await query(add_people, room_pk=group.pk, actor=alice, user_ids=[carol.pk])
    async with websocket(url(group), alice) as old, websocket(url(group), carol) as new:
        for socket in (old, new):
            await socket.next("room")
        await old.send({"type": "edit", "seq": 1, "body": "mudado"})
        await old.next("edited")
        await old.send({"type": "react", "seq": 1, "emoji": "👍", "on": True})
        await old.next("reacted")
        await no_more(new, "edited", "reacted")


async def test_reactions_reach_all_with_their_own_marked(websocket, group, people):
    alice, bob, _carol = people
    await say(group, alice)
    async with websocket(url(group), alice) as first, websocket(url(group), bob) as second:
        for socket in (first, second):
            await socket.next("room")
        await second.send({"type": "react", "seq": 1, "emoji": "📈", "on": True})
        others, own = await first.next("reacted"), await second.next("reacted")
        await second.send({"type": "react", "seq": 1, "emoji": "📈", "on": False})
        assert (await first.next("reacted"))["reactions"] == []
        await second.send({"type": "react", "seq": 1, "emoji": "x", "on": True})
        assert (await second.next("error"))["code"] == "invalid"

    assert others["reactions"] == [{"emoji": "📈", "count": 1, "mine": False}]
    assert own["reactions"] == [{"emoji": "📈", "count": 1, "mine": True}]


async def test_resume_brings_missed_reactions(websocket, group, people):
    alice, bob, _carol = people
    await say(group, alice)
    async with websocket(url(group), alice) as socket:
        revision = (await socket.next("room"))["revision"]
    async with websocket(url(group), bob) as socket:
        await socket.send({"type": "react", "seq": 1, "emoji": "🎉", "on": True})
        await socket.next("reacted")
    async with websocket(url(group), alice) as socket:
        await socket.send({"type": "resume", "after": 1, "revision": revision})
        frame = await socket.next("reacted")
        items = (await socket.request({"type": "resume", "after": 0}))["items"]

    assert frame["reactions"] == items[0]["reactions"]
    assert frame["reactions"] == [{"emoji": "🎉", "count": 1, "mine": False}]


# Read marks ----------------------------------------------------------------------------------


async def test_read_marks_reach_the_others_at_most_once_a_second(
    websocket, group, people, monkeypatch
):
    alice, bob, _carol = people
    for _ in range(5):
        await say(group, alice)
    async with websocket(url(group), alice) as first, websocket(url(group), bob) as second:
        for socket in (first, second):
            await socket.next("room")
        for seq in (1, 2, 3, 2, 5):
            await second.send({"type": "read", "seq": seq})
        marks = [await first.next("read") for _ in range(2)]
        await no_more(second, "read")

    assert [mark["user"]["id"] for mark in marks] == [bob.pk] * 2
    assert marks[0]["seq"] < marks[1]["seq"] == 5
    assert (await query(Participant.objects.get, user=bob)).read_seq == 5


async def test_read_marks_of_the_forum_are_stored_and_not_sent_to_others(websocket, people):
    alice, bob, _carol = people
    room = await query(RoomFactory)
    await say(room, alice)
    await say(room, bob)
    async with websocket(url(room), alice) as first, websocket(url(room), bob) as second:
        await first.next("room")
        await second.send({"type": "read", "seq": 2})
        await no_more(second, "error")
        await no_more(first, "read")
    assert (await query(Participant.objects.get, user=bob)).read_seq == 2


async def test_a_room_is_muted_until_a_time(websocket, group, people):
    async with websocket(url(group), people[1]) as socket:
        for until_ in ("2026-12-01T10:00:00Z", None):
            await socket.send({"type": "mute", "until": until_})
            await no_more(socket, "error")
            own = await query(Participant.objects.get, user=people[1])
            assert (own.muted_until is None) == (until_ is None)
        for bad in ({"until": "amanhã"}, {"until": "2026-12-01T10:00:00"}, {}):
            await socket.send({"type": "mute", **bad})
            assert (await socket.next("error"))["code"] == "invalid"


# Blocks --------------------------------------------------------------------------------------


async def test_the_blocked_notice_neither_presence_nor_typing_nor_reading(websocket, people):
    alice, bob, _carol = people
    room = await query(make_group, *people)
    await say(room, bob)
    await query(block_user, blocker=alice, blocked=bob, at=room.created_at)
    async with websocket(url(room), bob) as blocked:
        assert {p["id"] for p in (await blocked.next("room"))["present"]} == {bob.pk}
        async with websocket(url(room), alice) as blocker:
            frame = await blocker.next("room")
            assert frame["blocked"] == [bob.pk]
            assert {p["id"] for p in frame["present"]} == {alice.pk, bob.pk}
            await blocker.send({"type": "typing"})
            await blocker.send({"type": "read", "seq": 1})
            await no_more(blocker)
            await no_more(blocked, "presence", "typing", "read")
            await query(unblock_user, blocker=alice, blocked=bob)
            frame = await blocked.next("room")
            assert {p["id"] for p in frame["present"]} == {alice.pk, bob.pk}
            assert "blocked" not in await blocker.next("room")


async def test_a_direct_room_refuses_messages_to_a_person_who_is_not_available(websocket, people):
    alice, bob, _carol = people
    room = await query(make_direct, alice, bob)
    await query(block_user, blocker=bob, blocked=alice, at=room.created_at)
    async with websocket(url(room), alice) as socket:
        await socket.send({"type": "send", "id": 1, "body": "oi"})
        error = await socket.next("error")

    assert (error["code"], error["id"]) == ("unavailable_person", 1)
    assert await query(Message.objects.count) == 0


async def test_one_read_serves_many_private_sockets(websocket, group, people, queries):
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(websocket(url(group), people[n % 2])) for n in range(10)
        ]
        for socket in sockets:
            await socket.next("room")
        queries.clear()
        await say(group, people[0])
        for socket in sockets:
            await socket.next("message")
        reads = [q for q in queries if q.startswith("SELECT") and '"body_html"' in q]
        assert len([q for q in reads if "revision" in q.partition("WHERE")[2]]) == 1


async def test_a_room_that_is_joined_while_it_is_loaded_again_is_kept(group, people):
    async with running() as hub:
        room = await hub.directory.open(group.pk)
        del hub.rooms[group.pk]  # forgotten, as it has no sockets
        loading = asyncio.ensure_future(hub.directory.open(group.pk))
        await asyncio.sleep(0)
        client = hub.rooms.setdefault(group.pk, room)
        assert await loading is client is hub.rooms[group.pk]


async def test_sockets_that_open_while_empty_rooms_are_forgotten_receive_everything(
    websocket, group, people, monkeypatch
):
    monkeypatch.setattr(forum_hub, "POLL_S", 0.001)
    async with AsyncExitStack() as stack:
        opening = [
            stack.enter_async_context(websocket(url(group), people[n % 2])) for n in range(8)
        ]
        sockets = await asyncio.gather(*opening)
        for socket in sockets:
            await socket.next("room")
        await say(group, people[0])
        for socket in sockets:
            assert (await socket.next("message"))["seq"] == 1
