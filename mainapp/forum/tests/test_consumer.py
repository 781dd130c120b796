import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from django.db import connections

from mainapp.accounts.models import User
from mainapp.core.limits import consume_async, of_user
from mainapp.core.realtime import query
from mainapp.core.tests.pipes import until
from mainapp.forum.consumers.shared import room_hub
from mainapp.forum.fanout import hub as forum_hub
from mainapp.forum.fanout import presence
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import CHANGES
from mainapp.forum.selectors.messages import messages_since
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.services.moderation import (
    close_room,
    mute_participant,
    reopen_room,
    unmute_participant,
)
from mainapp.forum.services.rooms import delete_room
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, fill_room

pytestmark = pytest.mark.django_db(transaction=True)

WRITER = ["send", "edit", "delete", "report"]
HOST = [*WRITER, "delete_any", "mute", "close"]


@pytest.fixture
def alice(transactional_db):
    return User.objects.create_user("alice", display_name="Alice A.")


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob")


@pytest.fixture
def room(alice):
    return RoomFactory(host=alice)


@pytest.fixture
def url(room):
    return f"/ws/room/{room.pk}/"


def person(user):
    return {"id": user.pk, "name": user.name, "avatar": None}


def send_frame(body, client_id=None, **more):
    return {"type": "send", "client_id": client_id or str(uuid4()), "body": body, **more}


def seqs(items):
    return [item["seq"] for item in items]


# First frame ---------------------------------------------------------------------------------


async def test_first_frame_is_the_room(websocket, url, room, alice):
    await query(MessageFactory, room=room, author=alice)
    async with websocket(url, alice) as socket:
        assert await socket.next() == {
            "type": "room",
            "last_seq": 1,
            "revision": 1,
            "may": HOST,
            "closed": False,
            "present": [person(alice)],
        }


async def test_anonymous_user_can_only_read(websocket, url, alice):
    async with websocket(url) as reader, websocket(url, alice) as writer:
        frame = await reader.next()
        assert (frame["may"], frame["present"]) == ([], [])
        await writer.send(send_frame("oi"))

        message = await reader.next("message")
        assert message["body_html"] == "<p>oi</p>"
        assert {"client_id", "body"}.isdisjoint(message)
        for frame in (
            send_frame("oi", id="x"),
            {"type": "edit", "seq": 1, "body": "b", "id": "x"},
            {"type": "delete", "seq": 1, "id": "x"},
            {"type": "typing", "id": "x"},
        ):
            error = await socket_error(reader, frame)
            assert error == {
                "type": "error",
                "code": "login_required",
                "detail": "Entre na sua conta para escrever.",
                "id": "x",
            }


async def socket_error(socket, frame):
    await socket.send(frame)
    return await socket.next("error")


@pytest.mark.parametrize("pk", ["999", "abc", "0", "-1", "1" * 40, "٣"])
async def test_unknown_room_closes_with_4404(websocket, room, pk):
    async with websocket(
        f"/ws/room/{pk}/" if pk != "999" else f"/ws/room/{room.pk + 1}/"
    ) as socket:
        assert await socket.closed() == 4404


# Sending -------------------------------------------------------------------------------------


async def test_message_is_acknowledged_after_commit_and_sent_to_every_socket_once(
    websocket, url, room, alice, bob
):
    client_id = str(uuid4())
    async with (
        websocket(url, alice) as first,
        websocket(url, alice) as second,
        websocket(url, bob) as other,
    ):
        for socket in (first, second, other):
            await socket.next("room")
        await first.send(send_frame("  **olá** ", client_id, id=7))
        ack, message_to_first = await both(first, "ack", "message")
        assert ack == {"type": "ack", "client_id": client_id, "seq": 1, "id": 7}
        message = await query(Message.objects.get)
        assert (message.seq, message.body, str(message.client_id)) == (1, "**olá**", client_id)

        frame = await other.next("message")
        assert frame.pop("sent_at").endswith("Z")
        assert frame == {
            "type": "message",
            "id": message.pk,
            "seq": 1,
            "user": person(alice),
            "kind": "text",
            "content": {"text": "**olá**"},
            "body_html": "<p><strong>olá</strong></p>",
            "reply_to": None,
            "reactions": [],
        }
        for message in (message_to_first, await second.next("message")):
            assert (message["client_id"], message["body"], message["seq"]) == (
                client_id,
                "**olá**",
                1,
            )
        await first.send(send_frame("fim"))
        for socket in (first, second, other):
            assert (await socket.next("message"))["seq"] == 2


async def both(socket, *kinds):
    """Return the next frame of each type; on a busy machine a message can overtake its ack."""
    frames = {}
    while len(frames) < len(kinds):
        frame = await socket.next()
        if frame["type"] in kinds:
            frames[frame["type"]] = frame
    return [frames[kind] for kind in kinds]


async def test_client_id_sent_again_gives_the_same_ack_and_keeps_the_first_body(
    websocket, url, alice, bob, room
):
    client_id = str(uuid4())
    async with websocket(url, alice) as first_socket, websocket(url, bob) as other:
        await first_socket.send(send_frame("primeira", client_id))
        first = await first_socket.next("ack")
        await first_socket.send(send_frame("segunda", client_id))
        assert await first_socket.next("ack") == first
        await other.send(send_frame("de outro", client_id))
        assert (await other.next("ack"))["seq"] == 2

    bodies = await query(list, Message.objects.values_list("body", flat=True))
    assert bodies == ["primeira", "de outro"]


@pytest.mark.parametrize("body", ["", "x" * 4001])
async def test_client_id_sent_again_with_a_bad_body_gives_the_same_ack(websocket, url, alice, body):
    client_id = str(uuid4())
    async with websocket(url, alice) as socket:
        await socket.send(send_frame("primeiro", client_id))
        first = await socket.next("ack")
        await socket.send(send_frame(body, client_id))
        assert await socket.next("ack") == first


async def test_concurrent_sends_of_one_client_id_make_one_message(websocket, url, alice, room):
    async with websocket(url, alice) as first_socket, websocket(url, alice) as second_socket:
        for _ in range(5):
            client_id = str(uuid4())
            await asyncio.gather(
                first_socket.send(send_frame("a", client_id)),
                second_socket.send(send_frame("b", client_id)),
            )
            assert await first_socket.next("ack") == await second_socket.next("ack")

    assert await query(Message.objects.count) == 5


async def test_ack_is_repeated_for_a_user_muted_since(websocket, url, alice, bob, room):
    sent = send_frame("oi")
    async with websocket(url, bob) as socket:
        await socket.send(sent)
        first = await socket.next("ack")
        await query(mute_participant, room_pk=room.pk, user=bob, actor=alice)
        await socket.send(sent)
        assert await socket.next("ack") == first


@pytest.mark.parametrize(
    ("frame", "code", "fields"),
    [
        ({"client_id": "x", "body": "oi"}, "invalid", {"client_id": "uuid"}),
        ({"body": "oi"}, "invalid", {"client_id": "uuid"}),
        ({"client_id": str(uuid4())}, "invalid", {"body": "1-4000"}),
        ({"client_id": str(uuid4()), "body": 7}, "invalid", {"body": "1-4000"}),
        ({"client_id": str(uuid4()), "body": " \n\u200b\x00 "}, "invalid", {"body": "1-4000"}),
        ({"client_id": str(uuid4()), "body": "x" * 4001}, "too_long", None),
    ],
)
async def test_bad_send_is_refused(websocket, url, alice, frame, code, fields):
    async with websocket(url, alice) as socket:
        error = await socket_error(socket, {"type": "send", **frame})
        assert (error["code"], error.get("fields")) == (code, fields)
        await socket.send(send_frame("x" * 4000))
        assert (await socket.next("ack"))["seq"] == 1


async def test_error_is_in_the_language_of_the_session(websocket, url):
    async with websocket(url, accept_language="en") as socket:
        assert (await socket_error(socket, send_frame("oi")))["detail"] == "Sign in to write."


async def test_eleventh_message_in_ten_seconds_is_rate_limited_across_rooms(websocket, url, alice):
    other = await query(RoomFactory)
    async with (
        websocket(url, alice) as first_socket,
        websocket(f"/ws/room/{other.pk}/", alice) as second_socket,
    ):
        frames = [send_frame(str(n)) for n in range(11)]
        for n, frame in enumerate(frames[:10]):
            await (first_socket, second_socket)[n % 2].send(frame)
            await (first_socket, second_socket)[n % 2].next("ack")
        error = await socket_error(second_socket, frames[10])
        assert error["code"] == "rate_limited"
        assert 5 < error["retry_after_s"] <= 10
        await first_socket.send(frames[0])  # sending a message again is not counted
        assert (await first_socket.next("ack"))["seq"] == 1


# Resuming ------------------------------------------------------------------------------------


async def test_resume_pages_through_later_messages(websocket, url, room, alice, bob):
    await query(fill_room, room, bob, 250)
    await query(delete_message, room_pk=room.pk, seq=130, actor=alice)
    async with websocket(url, alice) as socket:
        assert (await socket.next())["last_seq"] == 250
        got, after, pages = [], 20, 0
        while True:
            frame = await socket.request({"type": "resume", "after": after, "id": "r"})
            assert (frame["type"], frame["id"]) == ("messages", "r")
            got, pages = got + frame["items"], pages + 1
            if not frame["more"]:
                break
            after = got[-1]["seq"]

        assert pages == 3
        assert seqs(got) == list(range(21, 251))
        tombstone = got[130 - 21]
        assert (tombstone["deleted"], tombstone["body_html"]) == (True, "")
        frame = await socket.request({"type": "resume", "after": 250})
        assert (frame["items"], frame["more"]) == ([], False)


async def test_only_own_messages_of_a_page_have_a_client_id(websocket, url, room, alice, bob):
    client_id = uuid4()
    await query(post_message, room_pk=room.pk, author=alice, body="a", client_id=client_id)
    await query(post_message, room_pk=room.pk, author=bob, body="b", client_id=uuid4())
    async with websocket(url, alice) as socket:
        await socket.next()
        items = (await socket.request({"type": "resume", "after": 0}))["items"]

    assert (items[0]["client_id"], items[0]["body"]) == (str(client_id), "a")
    assert "client_id" not in items[1]


@pytest.mark.parametrize("after", [None, "1", -1, 1.5, True, [1]])
async def test_resume_without_a_number_is_refused(websocket, url, after):
    async with websocket(url) as socket:
        assert (await socket_error(socket, {"type": "resume", "after": after}))["code"] == "invalid"
        assert (await socket.request({"type": "resume", "after": 2**62}))["items"] == []


async def test_live_messages_neither_overtake_nor_repeat_a_page(websocket, url, room, alice, bob):
    """A reader that resumes repeatedly while others write gets every message once, in order."""
    writers = [await query(User.objects.create_user, f"w{n}") for n in range(4)]
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(websocket(url, bob))
        sockets = [await stack.enter_async_context(websocket(url, user)) for user in writers]
        assert (await reader.next())["type"] == "room"

        async def write(socket):
            for n in range(10):
                await socket.send(send_frame(str(n)))
                await socket.next("ack")

        writing = asyncio.gather(*(write(socket) for socket in sockets))
        got = []
        while len(got) < 40:
            await reader.send({"type": "resume", "after": got[-1] if got else 0})
            while (frame := await reader.next())["type"] != "messages":
                got += [frame["seq"]] if frame["type"] == "message" else []
            got += [seq for seq in seqs(frame["items"]) if not got or seq > got[-1]]
        await writing
        await reader.send({"type": "ping"})
        while (frame := await reader.next())["type"] != "pong":
            assert frame["type"] != "message"

    assert got == list(range(1, 41))


async def test_live_message_waits_for_the_page_being_read(websocket, url, room, alice):
    for n in range(3):
        await query(post_message, room_pk=room.pk, author=alice, body=str(n))
    async with websocket(url) as reader:
        await reader.next("room")
        opened = room_hub().rooms[room.pk]
        (socket,) = opened.sockets
        await reader.send({"type": "resume", "after": 0})
        async with asyncio.timeout(2):
            while socket.is_live:
                await asyncio.sleep(0)
        # In a separate thread: the query thread is reading the page.
        (last,) = await asyncio.to_thread(_post_new_message, room, alice)
        opened.apply_messages([last], last.revision)

        frame = await reader.next()
        assert frame["type"] == "messages"
        live = [] if len(frame["items"]) == 4 else [(await reader.next("message"))["seq"]]
        assert seqs(frame["items"]) + live == [1, 2, 3, 4]


def _post_new_message(room, author):
    try:
        post_message(room_pk=room.pk, author=author, body="novo")
        return messages_since({room.pk: 3})
    finally:
        connections.close_all()


async def test_resume_with_a_revision_brings_missed_edits_and_deletions(
    websocket, url, room, alice, bob
):
    for n in range(3):
        await query(post_message, room_pk=room.pk, author=bob, body=str(n))
    async with websocket(url, bob) as socket:
        frame = await socket.next()
        known, last = frame["revision"], frame["last_seq"]
    await query(edit_message, room_pk=room.pk, seq=1, author=bob, body="outro")
    await query(delete_message, room_pk=room.pk, seq=2, actor=bob)
    await query(post_message, room_pk=room.pk, author=bob, body="novo")

    async with websocket(url) as socket:
        await socket.next()
        frame = await socket.request({"type": "resume", "after": last, "revision": known})
        assert seqs(frame["items"]) == [4]
        assert known <= frame["revision"] <= known + 3
        edited, deleted = await socket.next(), await socket.next()
        assert (edited["type"], edited["seq"], edited["body_html"]) == ("edited", 1, "<p>outro</p>")
        assert (deleted["type"], deleted["seq"]) == ("deleted", 2)


# Editing and deleting ------------------------------------------------------------------------


async def test_edit_reaches_all(websocket, url, room, alice, bob):
    message = await query(post_message, room_pk=room.pk, author=bob, body="a")
    async with websocket(url, bob) as author, websocket(url, alice) as other:
        await author.send({"type": "edit", "seq": 1, "body": "*b*"})
        own, frame = await author.next("edited"), await other.next("edited")

    assert own.pop("body") == "*b*"
    assert own == frame
    assert frame.pop("edited_at").endswith("Z")
    assert frame == {
        "type": "edited",
        "id": message.pk,
        "seq": 1,
        "content": {"text": "*b*"},
        "body_html": "<p><em>b</em></p>",
    }


async def test_deletion_reaches_all_and_leaves_a_tombstone(websocket, url, room, alice, bob):
    message = await query(post_message, room_pk=room.pk, author=bob, body="a")
    async with websocket(url, bob) as author, websocket(url) as other:
        await author.send({"type": "delete", "seq": 1})
        for socket in (author, other):
            assert await socket.next("deleted") == {"type": "deleted", "id": message.pk, "seq": 1}
        items = (await other.request({"type": "resume", "after": 0}))["items"]

    assert [(item["seq"], item["deleted"], item["body_html"]) for item in items] == [(1, True, "")]


async def test_repeated_deletion_is_confirmed_again(websocket, url, room, bob):
    message = await query(post_message, room_pk=room.pk, author=bob, body="a")
    async with websocket(url, bob) as socket:
        for _ in range(2):
            await socket.send({"type": "delete", "seq": 1})
            frame = await socket.next("deleted")
            assert frame == {"type": "deleted", "id": message.pk, "seq": 1}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "edit", "seq": 1, "body": "x"}, "forbidden"),
        ({"type": "delete", "seq": 1}, "forbidden"),
        ({"type": "edit", "seq": 9, "body": "x"}, "invalid"),
        ({"type": "delete", "seq": 9}, "invalid"),
        ({"type": "delete", "seq": "1"}, "invalid"),
        ({"type": "edit", "seq": 1}, "invalid"),
        ({"type": "edit", "seq": 2, "body": "x" * 4001}, "too_long"),
        ({"type": "edit", "seq": 3, "body": "x"}, "invalid"),
    ],
)
async def test_refused_changes_leave_messages_alone(websocket, url, room, alice, bob, frame, code):
    await query(post_message, room_pk=room.pk, author=alice, body="a")
    await query(post_message, room_pk=room.pk, author=bob, body="b")
    await query(post_message, room_pk=room.pk, author=bob, body="c")
    await query(delete_message, room_pk=room.pk, seq=3, actor=bob)
    async with websocket(url, bob) as socket:
        assert (await socket_error(socket, frame))["code"] == code

    assert await query(list, Message.objects.values_list("body", flat=True)) == ["a", "b", ""]


async def test_edits_and_deletions_are_rate_limited(websocket, url, room, bob):
    await query(post_message, room_pk=room.pk, author=bob, body="a")
    async with websocket(url, bob) as socket:
        await socket.next("room")
        for n in range(20):
            await socket.send({"type": "edit", "seq": 1, "body": str(n)})
        error = await socket_error(socket, {"type": "delete", "seq": 1})
        assert error["code"] == "rate_limited"
        assert 0 < error["retry_after_s"] <= 10
        await socket.send(send_frame("b"))
        assert (await socket.next("ack"))["seq"] == 2


async def test_changes_of_a_user_are_counted_across_processes(websocket, url, room, bob):
    await query(post_message, room_pk=room.pk, author=bob, body="a")
    for _ in range(CHANGES.count):
        await consume_async(CHANGES, of_user(bob))  # as another process would

    async with websocket(url, bob) as socket:
        error = await socket_error(socket, {"type": "edit", "seq": 1, "body": "b"})

    assert error["code"] == "rate_limited"


# Typing --------------------------------------------------------------------------------------


async def test_typing_is_sent_to_others_once_a_second(websocket, url, alice, bob):
    async with (
        websocket(url, alice) as first_socket,
        websocket(url, alice) as second_socket,
        websocket(url, bob) as other,
    ):
        for socket in (first_socket, second_socket, other):
            await socket.next("room")
        for _ in range(3):
            await first_socket.send({"type": "typing"})
        assert await other.next("typing") == {"type": "typing", "user": person(alice)}
        for socket in (first_socket, other):
            await socket.send({"type": "ping"})
        for socket in (first_socket, other):
            while (frame := await socket.next())["type"] != "pong":
                assert frame["type"] != "typing"


# Moderation ----------------------------------------------------------------------------------


async def test_muting_takes_effect_on_open_sockets(websocket, url, room, alice, bob):
    await query(post_message, room_pk=room.pk, author=bob, body="a")
    async with websocket(url, bob) as socket, websocket(url, alice) as host:
        assert (await socket.next())["may"] == WRITER
        await host.next("room")
        await query(mute_participant, room_pk=room.pk, user=bob, actor=alice)
        assert (await socket.next("room"))["may"] == ["delete", "report"]
        for frame in (send_frame("b"), {"type": "edit", "seq": 1, "body": "b"}, {"type": "typing"}):
            assert (await socket_error(socket, frame))["code"] == "muted"
        await query(unmute_participant, room_pk=room.pk, user=bob, actor=alice)
        assert (await socket.next("room"))["may"] == WRITER
        await socket.send(send_frame("c"))
        assert (await socket.next("ack"))["seq"] == 2
        while (frame := await host.next())["type"] != "message":
            assert frame["type"] == "presence"


async def test_closing_takes_effect_on_open_sockets(websocket, url, room, alice, bob):
    await query(post_message, room_pk=room.pk, author=bob, body="a")
    async with websocket(url, bob) as socket, websocket(url) as reader:
        await socket.next("room")
        await reader.next("room")
        await query(close_room, room_pk=room.pk, actor=alice)
        for each, may in ((socket, ["delete", "report"]), (reader, [])):
            frame = await each.next("room")
            assert (frame["closed"], frame["may"]) == (True, may)
        for frame in (send_frame("b"), {"type": "edit", "seq": 1, "body": "b"}, {"type": "typing"}):
            assert (await socket_error(socket, frame))["code"] == "closed"
        await query(reopen_room, room_pk=room.pk, actor=alice)
        assert (await reader.next("room"))["closed"] is False
        await socket.send(send_frame("c"))
        assert (await socket.next("ack"))["seq"] == 2


async def test_deleted_room_closes_its_sockets(websocket, url, room, alice, bob):
    async with websocket(url, bob) as socket, websocket(url) as reader:
        await socket.next()
        await query(delete_room, room_pk=room.pk, actor=alice)
        assert await socket.closed() == 4404
        assert await reader.closed() == 4404


async def test_deactivated_author_can_no_longer_write(websocket, url, bob):
    async with websocket(url, bob) as socket:
        await socket.next()
        await query(User.objects.filter(pk=bob.pk).update, is_active=False)
        assert (await socket_error(socket, send_frame("oi")))["code"] == "login_required"


async def test_messages_of_a_deleted_account_remain(websocket, url, room, alice, bob):
    await query(post_message, room_pk=room.pk, author=bob, body="a")
    await query(bob.delete)
    async with websocket(url, alice) as socket:
        await socket.next()
        items = (await socket.request({"type": "resume", "after": 0}))["items"]

    assert [(item["user"], item["body_html"]) for item in items] == [(None, "<p>a</p>")]


async def test_room_without_a_host_still_works(websocket, url, room, alice, bob):
    await query(Room.objects.filter(pk=room.pk).update, host=None)
    async with websocket(url, bob) as socket:
        assert (await socket.next())["may"] == WRITER
        await socket.send(send_frame("oi"))
        assert (await socket.next("ack"))["seq"] == 1


# Presence in one process ---------------------------------------------------------------------


@pytest.fixture
def short_linger(monkeypatch):
    monkeypatch.setattr(presence, "LINGER_S", 0.1)


def test_departure_is_published_after_one_second():
    assert presence.LINGER_S == 1.0


@pytest.mark.usefixtures("short_linger")
async def test_presence_counts_people_not_tabs(websocket, url, alice, bob):
    async with websocket(url, alice) as alices_socket:
        assert (await alices_socket.next())["present"] == [person(alice)]
        async with websocket(url, bob) as bobs_socket:
            assert (await alices_socket.next()) == {
                "type": "presence",
                "joined": [person(bob)],
                "left": [],
            }
            assert {user["id"] for user in (await bobs_socket.next())["present"]} == {
                alice.pk,
                bob.pk,
            }
            async with websocket(url, bob) as three, websocket(url) as anonymous:
                await three.next("room")
                await anonymous.next("room")
            await alices_socket.send({"type": "ping"})
            assert (await alices_socket.next())["type"] == "pong"
        assert (await alices_socket.next()) == {
            "type": "presence",
            "joined": [],
            "left": [person(bob)],
        }


async def test_reload_does_not_count_as_leaving(websocket, url, room, alice, bob, monkeypatch):
    monkeypatch.setattr(presence, "LINGER_S", 0.4)
    async with websocket(url, alice) as alices_socket:
        await alices_socket.next("room")
        async with websocket(url, bob):
            assert (await alices_socket.next("presence"))["joined"] == [person(bob)]
        async with websocket(url, bob) as again:
            await again.next("room")
            assert sockets_of(bob, room) == 2
            await until(lambda: sockets_of(bob, room) == 1)  # the first one was removed
            await alices_socket.send({"type": "ping"})
            assert (await alices_socket.next())["type"] == "pong"


def sockets_of(user, room):
    return room_hub().rooms[room.pk]._here[user.pk]


# Cost ----------------------------------------------------------------------------------------


async def test_queries_do_not_grow_with_the_room(websocket, url, room, alice, bob, queries):
    await query(fill_room, room, bob, 2_000)
    async with websocket(url, bob) as socket:
        await socket.next("room")
        queries.clear()
        async with websocket(url, alice) as other:
            assert (await other.next())["last_seq"] == 2_000
        assert len([sql for sql in queries if _is_about_rooms(sql)]) <= 1  # the poll's
        await socket.send(send_frame("oi"))
        await socket.next("message")
        queries.clear()
        await socket.send(send_frame("oi"))
        await socket.next("message")
        assert len(queries) <= 11  # eight of the post, two around them, one of the hub
        queries.clear()
        await socket.send({"type": "resume", "after": 1_950})
        assert (await socket.next("messages"))["more"] is False
        assert len([sql for sql in queries if "forum_message" in sql]) == 1


def _is_about_rooms(sql):
    return "forum_" in sql


async def test_change_is_read_once_for_all_sockets(websocket, url, bob, queries):
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(websocket(url, bob)) for _ in range(20)]
        for socket in sockets:
            await socket.next("room")
        queries.clear()
        await sockets[0].send(send_frame("oi"))
        for socket in sockets:
            await socket.next("message")
        reads = [sql for sql in queries if sql.startswith("SELECT") and '"body_html"' in sql]
        assert len([sql for sql in reads if "revision" in sql.partition("WHERE")[2]]) == 1


@pytest.mark.usefixtures("short_linger")
async def test_room_without_sockets_is_forgotten(websocket, url, room, alice, monkeypatch):
    monkeypatch.setattr(forum_hub, "POLL_S", 0.05)
    async with websocket(url, alice) as socket:
        await socket.next()
        assert list(room_hub().rooms) == [room.pk]
    await until(lambda: not room_hub().rooms)


async def test_first_message_makes_the_author_a_participant(websocket, url, room, bob):
    async with websocket(url, bob) as socket:
        assert not await query(Participant.objects.exists)
        await socket.send(send_frame("oi"))
        await socket.next("ack")
    assert await query(list, Participant.objects.values_list("user", "room")) == [(bob.pk, room.pk)]
