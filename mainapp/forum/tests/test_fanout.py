import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import redis

from mainapp.accounts.models import User
from mainapp.core.limits import quotas
from mainapp.core.realtime import query
from mainapp.core.realtime.writer import MAX_QUEUED
from mainapp.core.redis import client as redis_client
from mainapp.core.tests.pipes import Pipe, settle, until
from mainapp.forum.fanout import RoomFanout, RoomSocket, directory, hub
from mainapp.forum.models import Message
from mainapp.forum.policies import POSTS
from mainapp.forum.receivers import publish_change
from mainapp.forum.selectors import messages
from mainapp.forum.services import messages as services_messages
from mainapp.forum.services.messages import delete_message, edit_message, post_message
from mainapp.forum.services.moderation import close_room
from mainapp.forum.signals import room_changed
from mainapp.forum.tests.factories import RoomFactory, fill_room

PRODUCTION_POLL_S = hub.POLL_S
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(transactional_db):
    return User.objects.create_user("alice")


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob")


@pytest.fixture
def room(alice):
    return RoomFactory(host=alice)


@pytest.fixture
def no_hints():
    """Publish no hints, as if Redis lost them."""
    room_changed.disconnect(publish_change)
    yield
    room_changed.connect(publish_change)


@pytest.fixture(autouse=True)
def _quick_poll(monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 0.05)


@pytest.fixture(autouse=True)
def _unlimited_posts(monkeypatch):
    """Let authors post faster than the limit of messages allows."""
    monkeypatch.delitem(quotas._quotas, "posts")
    monkeypatch.setattr(services_messages, "POSTS", replace(POSTS, seed=10_000))


@asynccontextmanager
async def running():
    """Run a hub, as one process would."""
    async with RoomFanout(messages) as fanout:
        yield fanout


class Client:
    """A socket of a hub, and the frames that it received."""

    @classmethod
    async def enter(cls, hub, room, user):
        self = cls()
        self.hub, self.pipe, self.is_closed = hub, Pipe(), False
        self.room = await hub.directory.open(room.pk)
        self.socket = RoomSocket(
            send=self.pipe.send,
            try_send=self.pipe.try_send,
            user=user,
            person=messages.person_of(user),
            fall_behind=lambda socket: hub.catch_up.start(self.room, socket),
            close_room=self._close,
        )
        hub.join(self.room, self.socket)
        return self

    async def _close(self):
        self.is_closed = True

    def frames(self, *kinds):
        frames = [json.loads(text) for text in self.pipe.sent]
        return [frame for frame in frames if frame["type"] in kinds]

    @property
    def seqs(self):
        return [frame["seq"] for frame in self.frames("message")]

    def leave(self):
        self.hub.leave(self.room, self.socket)


async def post(room, author, *bodies):
    for body in bodies:
        await query(Message.objects.update, sent_at=LONG_AGO)  # stay below the rate limit
        await query(post_message, room_pk=room.pk, author=author, body=body)


# Hints ---------------------------------------------------------------------------------------


def test_database_is_polled_every_second():
    assert PRODUCTION_POLL_S == 1.0


async def test_hint_reaches_every_process(room, bob, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 60)
    async with running() as first_hub, running() as second_hub:
        clients = [await Client.enter(each, room, bob) for each in (first_hub, second_hub)]
        for each in (first_hub, second_hub):
            await each.ready()
        await post(room, bob, "a")
        await until(lambda: all(client.seqs == [1] for client in clients))


async def test_lost_hint_is_recovered_by_polling(room, alice, bob, no_hints):
    await post(room, bob, "a", "b")
    async with running() as fanout:
        client = await Client.enter(fanout, room, bob)
        await query(edit_message, room_pk=room.pk, seq=1, author=bob, body="c")
        await query(delete_message, room_pk=room.pk, seq=2, actor=bob)
        await post(room, bob, "d")
        await query(close_room, room_pk=room.pk, actor=alice)

        await until(lambda: len(client.pipe.sent) >= 5, 2)

    assert client.seqs == [3]
    assert [frame["seq"] for frame in client.frames("edited")] == [1]
    assert [frame["seq"] for frame in client.frames("deleted")] == [2]
    assert [frame["closed"] for frame in client.frames("room")] == [False, True]


async def test_own_process_needs_no_hint(room, bob, no_hints, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 60)
    async with running() as fanout:
        client = await Client.enter(fanout, room, bob)
        message = await query(post_message, room_pk=room.pk, author=bob, body="a")
        fanout.notify(room.pk, message.revision)
        await until(lambda: client.seqs == [1], 1)


async def test_rooms_work_while_redis_does_not_respond(room, bob, monkeypatch):
    monkeypatch.setattr(directory, "PRESENCE_S", 0.1)
    async with running() as fanout:
        redis_client().execute_command("CLIENT", "PAUSE", 1000, "ALL")
        started_at = asyncio.get_running_loop().time()
        client = await Client.enter(fanout, room, bob)
        message = await query(post_message, room_pk=room.pk, author=bob, body="a")
        fanout.notify(room.pk, message.revision)
        await until(lambda: client.seqs == [1], 2)
        assert asyncio.get_running_loop().time() - started_at < 0.95  # Redis is still paused
        await until(_redis_responds, 6)


def _redis_responds():
    try:
        return redis_client().ping()
    except redis.RedisError:
        return False


async def test_message_edited_before_it_was_read_is_sent_once_edited(
    room, bob, no_hints, monkeypatch
):
    monkeypatch.setattr(hub, "POLL_S", 60)
    async with running() as fanout:
        client = await Client.enter(fanout, room, bob)
        await post(room, bob, "a", "b")
        await query(edit_message, room_pk=room.pk, seq=1, author=bob, body="c")
        await query(delete_message, room_pk=room.pk, seq=2, actor=bob)
        fanout._poll_now.set()
        await until(lambda: len(client.seqs) == 2)

    first, second = client.frames("message")
    assert (first["seq"], first["body_html"]) == (1, "<p>c</p>")
    assert "edited_at" in first
    assert (second["seq"], second["body_html"], second["deleted"]) == (2, "", True)
    assert client.frames("edited", "deleted") == []


async def test_deleted_room_closes_its_sockets(room, bob, no_hints):
    async with running() as fanout:
        client = await Client.enter(fanout, room, bob)
        await query(room.delete)
        await until(lambda: client.is_closed)
        assert await fanout.directory.open(room.pk) is None


# Slow clients --------------------------------------------------------------------------------


async def test_slow_client_delays_nobody_and_misses_nothing(room, bob):
    count = 3 * MAX_QUEUED
    async with running() as fanout:
        slow, fast = [await Client.enter(fanout, room, bob) for _ in range(2)]
        await post(room, bob, "first")
        await until(lambda: slow.seqs == fast.seqs == [1])
        slow.pipe.stop()
        for n in range(count):
            await post(room, bob, str(n))
            await until(lambda n=n: fast.seqs[-1:] == [n + 2])
        await query(edit_message, room_pk=room.pk, seq=1, author=bob, body="edited")
        await until(lambda: fast.frames("edited"))
        assert len(slow.socket._queue) == MAX_QUEUED

        await slow.pipe.resume()
        await until(lambda: len(slow.seqs) == count + 1 and slow.frames("edited"))
        await until(lambda: slow.socket.is_live)
        await post(room, bob, "last")
        await until(lambda: slow.seqs[-1] == fast.seqs[-1] == count + 2)

    assert slow.seqs == fast.seqs == list(range(1, count + 3))
    assert [frame["seq"] for frame in slow.frames("edited")] == [1]


async def test_slow_client_receives_the_current_presence_and_rules(room, alice, bob):
    async with running() as fanout:
        slow = await Client.enter(fanout, room, bob)
        slow.pipe.stop()
        await post(room, bob, *map(str, range(MAX_QUEUED + 3)))
        await until(lambda: not slow.socket.is_live)
        other = await Client.enter(fanout, room, alice)
        await query(close_room, room_pk=room.pk, actor=alice)
        await until(lambda: len(other.frames("room")) == 2)

        await slow.pipe.resume()
        await until(lambda: slow.socket.is_live and slow.frames("room")[1:])

    last = slow.frames("room")[-1]
    assert (last["closed"], last["last_seq"]) == (True, MAX_QUEUED + 3)
    assert {user["id"] for user in last["present"]} == {alice.pk, bob.pk}


async def test_slow_client_that_leaves_is_forgotten(room, bob):
    async with running() as fanout:
        slow = await Client.enter(fanout, room, bob)
        slow.pipe.stop()
        await post(room, bob, *map(str, range(MAX_QUEUED + 3)))
        await until(lambda: not slow.socket.is_live)
        slow.leave()
        slow.leave()
        await settle()
        assert slow.room.sockets == set()
        assert slow.socket.is_closed


async def test_sockets_page_when_their_process_missed_much(room, bob, no_hints, monkeypatch):
    monkeypatch.setattr(hub, "MAX_BURST", 50)
    monkeypatch.setattr(hub, "POLL_S", 60)
    async with running() as fanout:
        client = await Client.enter(fanout, room, bob)
        await query(fill_room, room, bob, 230)
        fanout._poll_now.set()
        await until(lambda: len(client.seqs) == 230)
        await until(lambda: client.socket.is_live)

    assert client.seqs == list(range(1, 231))
