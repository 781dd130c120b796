"""States of private rooms on `ws/notifications/`: the same counts on every tab."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user, unblock_user
from mainapp.core.realtime import publish, query
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.selectors.chats import room_frames
from mainapp.forum.services.chats import add_people, leave_room, open_chat, remove_person
from mainapp.forum.services.marks import mark_all_read, mark_room_read, mute_room
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, make_direct, make_group
from mainapp.notifications.fanout import states
from mainapp.notifications.services import states as announcing

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/ws/notifications/"
PRODUCTION_STATE_S = states.STATE_S


@pytest.fixture(autouse=True)
def _short_period(monkeypatch):
    monkeypatch.setattr(states, "STATE_S", 0.02)


@pytest.fixture
def people(transactional_db):
    return [User.objects.create_user(name) for name in ("alice", "bob", "carol")]


async def say(room, author, body="oi"):
    return await query(post_message, room_pk=room.pk, author=author, body=body)


async def state(socket, **expected):
    """Return the next state that has these values: a burst may bring several."""
    while True:
        frame = await socket.next()
        if frame["type"] in ("room_state", "room_gone") and expected.items() <= frame.items():
            return frame


async def no_state(socket):
    await socket.send({"type": "ping"})
    while (frame := await socket.next())["type"] != "pong":
        assert not frame["type"].startswith("room_"), frame


def test_one_state_a_second_is_sent():
    assert (PRODUCTION_STATE_S, states.SWEEP_S) == (1.0, 10.0)


async def test_every_tab_receives_the_state_of_a_new_and_of_a_read_message(websocket, people):
    alice, bob, carol = people
    room = await query(make_group, alice, bob)
    async with (
        websocket(URL, bob) as first,
        websocket(URL, bob) as second,
        websocket(URL, carol) as stranger,
    ):
        for socket in (first, second, stranger):
            assert (await socket.next("snapshot"))["rooms_unread"] == 0
        await say(room, alice, "**oi**")
        for socket in (first, second):
            frame = await state(socket, unread=1)
            assert frame["last"].pop("sent_at").endswith("Z")
            assert frame == {
                "type": "room_state",
                "room": room.pk,
                "unread": 1,
                "last": {
                    "seq": 1,
                    "user": {"id": alice.pk, "name": "alice", "avatar": None},
                    "kind": "text",
                    "excerpt": "oi",
                },
                "muted": False,
                "rooms_unread": 1,
            }
        await query(mark_room_read, room_pk=room.pk, user=bob, seq=1)
        for socket in (first, second):
            assert (await state(socket, unread=0))["rooms_unread"] == 0
        await no_state(stranger)


async def test_marking_all_read_reaches_every_tab(websocket, people):
    alice, bob, carol = people
    rooms = [await query(make_direct, bob, other) for other in (alice, carol)]
    for room, author in zip(rooms, (alice, carol), strict=True):
        await say(room, author)
    async with websocket(URL, bob) as first, websocket(URL, bob) as second:
        for socket in (first, second):
            assert (await socket.next("snapshot"))["rooms_unread"] == 2
        await query(mark_all_read, user=bob, at=datetime.now(UTC))
        for socket in (first, second):
            states = [await state(socket, rooms_unread=0) for _room in rooms]
            assert {frame["room"]: frame["unread"] for frame in states} == {
                room.pk: 0 for room in rooms
            }


async def test_marking_very_many_read_is_one_announcement(websocket, people, monkeypatch):
    monkeypatch.setattr(announcing, "MANY", 2)
    announced = []
    monkeypatch.setattr(announcing, "publish_on_commit", announced.extend)
    alice, bob, _carol = people
    rooms = [await query(make_group, alice, bob) for _ in range(4)]
    for room in rooms:
        await query(MessageFactory, room=room, author=alice)
    async with websocket(URL, bob) as tab:
        await tab.next("snapshot")
        await query(mark_all_read, user=bob, at=datetime.now(UTC))
        assert [message.body["key"] for message in announced] == [0]
        monkeypatch.undo()
        publish(announced)
        frames = [await tab.next("room_state") for _ in rooms]

    assert {frame["room"] for frame in frames} == {room.pk for room in rooms}
    assert {(frame["unread"], frame["rooms_unread"]) for frame in frames} == {(0, 0)}


async def test_the_words_of_a_blocked_person_are_folded(websocket, people):
    alice, bob, carol = people
    room = await query(make_group, carol, alice, bob)
    await query(block_user, blocker=bob, blocked=alice, at=datetime.now(UTC))
    async with websocket(URL, bob) as socket, websocket(URL, carol) as others:
        for each in (socket, others):
            await each.next("snapshot")
        await say(room, alice, "ofensa")
        assert (await state(socket))["last"]["excerpt"] == ""
        assert (await state(others))["last"]["excerpt"] == "ofensa"


async def test_edits_deletions_and_muting_show_at_once(websocket, people):
    alice, bob, _carol = people
    room = await query(make_direct, alice, bob)
    await say(room, alice, "errado")
    async with websocket(URL, bob) as socket:
        assert (await socket.next("snapshot"))["rooms_unread"] == 1
        await query(edit_message, room_pk=room.pk, seq=1, author=alice, body="certo")
        assert (await state(socket, unread=1))["last"]["excerpt"] == "certo"
        await query(delete_message, room_pk=room.pk, seq=1, actor=alice)
        assert (await state(socket, unread=0))["last"]["excerpt"] == ""
        until = datetime(2099, 1, 1, tzinfo=UTC)
        await query(mute_room, room_pk=room.pk, user=bob, until=until)
        await state(socket, muted=True)


async def test_joining_leaving_and_removal_reach_the_people_concerned(websocket, people):
    alice, bob, carol = people
    room = await query(make_group, alice, bob)
    await say(room, alice)
    async with websocket(URL, bob) as bobs, websocket(URL, carol) as carols:
        assert (await bobs.next("snapshot"))["rooms_unread"] == 1
        await carols.next("snapshot")
        await query(add_people, room_pk=room.pk, actor=alice, user_ids=[carol.pk])
        assert (await state(carols, room=room.pk))["unread"] == 0
        await query(leave_room, room_pk=room.pk, user=bob)
        gone = {"type": "room_gone", "room": room.pk, "rooms_unread": 0}
        assert await state(bobs, type="room_gone") == gone
        await query(remove_person, room_pk=room.pk, actor=alice, user_pk=carol.pk)
        assert await state(carols, type="room_gone") == gone
        await say(room, alice)
        await no_state(bobs)
        await no_state(carols)


async def test_a_block_takes_the_direct_room_away_from_the_blocker_only(websocket, people):
    alice, bob, _carol = people
    room = await query(make_direct, alice, bob)
    await say(room, bob)
    async with websocket(URL, alice) as blocker, websocket(URL, bob) as blocked:
        assert (await blocker.next("snapshot"))["rooms_unread"] == 1
        await blocked.next("snapshot")
        await query(block_user, blocker=alice, blocked=bob, at=room.created_at)
        assert (await state(blocker))["type"] == "room_gone"
        await query(unblock_user, blocker=alice, blocked=bob)
        assert (await state(blocker, type="room_state"))["rooms_unread"] == 1
        await no_state(blocked)


async def test_an_opened_direct_room_shows_to_the_other_with_its_first_message(websocket, people):
    alice, bob, _carol = people
    async with websocket(URL, alice) as own, websocket(URL, bob) as other:
        for socket in (own, other):
            await socket.next("snapshot")
        room, _is_new = await query(open_chat, user=alice, user_ids=[bob.pk])
        await state(own, room=room.pk)
        await no_state(other)
        await say(room, alice)
        assert (await state(other))["unread"] == 1


async def test_a_lost_announcement_is_found_by_the_sweep(websocket, people, monkeypatch):
    monkeypatch.setattr(states, "SWEEP_S", 0.02)
    alice, bob, _carol = people
    room = await query(make_group, alice, bob)
    async with websocket(URL, bob) as socket:
        await socket.next("snapshot")
        await say(room, alice)
        await state(socket, unread=1)
        await query(Participant.objects.filter(user=bob).update, read_seq=1)  # not announced
        assert (await state(socket, unread=0))["rooms_unread"] == 0


async def test_the_forum_has_no_states(websocket, people):
    alice, bob, _carol = people
    room = await query(RoomFactory)
    await say(room, bob)
    async with websocket(URL, bob) as socket:
        assert (await socket.next("snapshot"))["rooms_unread"] == 0
        await say(room, alice)
        await query(mark_room_read, room_pk=room.pk, user=bob, seq=2)
        frame = await query(room_frames, [(bob.pk, room.pk)])
        assert frame[bob.pk, room.pk]["type"] == "room_gone"


@pytest.mark.parametrize("rooms", [3, 30])
def test_states_cost_the_same_queries_at_any_number(people, django_assert_num_queries, rooms):
    alice, bob, _carol = people
    made = [make_group(alice, bob) for _ in range(rooms)]
    for room in made:
        MessageFactory(room=room, author=alice)
    with django_assert_num_queries(5):
        frames = room_frames([(user.pk, room.pk) for user in (alice, bob) for room in made])
    assert [frame["unread"] for frame in frames.values()] == [0] * rooms + [1] * rooms
    assert frames[bob.pk, made[0].pk]["rooms_unread"] == rooms


def test_more_rooms_than_a_condition_may_have(people):
    """SQLite refuses an expression with a thousand parts: "all read" changes all rooms at once."""
    alice, _bob, _carol = people
    now = timezone.now()
    rooms = Room.objects.bulk_create(
        Room(kind="group", name="x", host=alice, created_at=now, active_at=now, last_seq=1)
        for _ in range(1100)
    )
    Participant.objects.bulk_create(
        Participant(room=room, user=alice, joined_at=now) for room in rooms
    )
    Message.objects.bulk_create(
        Message(room=room, author=alice, seq=1, body="x", body_html="x", sent_at=now)
        for room in rooms
    )
    frames = room_frames([(alice.pk, room.pk) for room in rooms])
    assert {frame["last"]["excerpt"] for frame in frames.values()} == {"x"}
