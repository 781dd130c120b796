"""Attempts of someone who can write to Redis to run code, end log-ins or act as a user."""

import os
import pickle
import time
from datetime import timedelta

import msgpack  # type: ignore[import-untyped] # it has no types
import orjson
import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.core.cache import cache
from django.utils import timezone
from kombu.exceptions import ContentDisallowed

from mainapp.accounts import tickets
from mainapp.accounts.events import LOGINS
from mainapp.core.realtime import GroupMessage, publish
from mainapp.core.realtime.leases import PresenceLease
from mainapp.core.redis import async_client, key
from mainapp.core.redis import client as redis_client
from mainapp.core.redis_layer import PURPOSE, SENT_AT, VALID_S
from mainapp.core.signatures import sign
from mainapp.core.tests.pipes import until
from mainapp.forum.events import ROOMS
from mainapp.forum.models import Room
from mainapp.market.board import Board, BoardReader, board_key
from mainapp.market.context import PORTFOLIO_KEY
from mainapp.market.events import STOCK_CHAT
from mainapp.market.tests.factories import NOON
from mainapp.market.tests.quotes import make_quote
from project.celery import app

TRACK = "/ws/stock/track/"


class Exploit:
    """A pickle that creates a file when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


async def send_raw(group, data):
    """Publish without a signature, once this process listens."""
    name = get_channel_layer()._get_group_channel_name(group)
    await until(lambda: redis_client().pubsub_numsub(name)[0][1] == 1)
    redis_client().publish(name, data)


def chat(text="forged", room="track"):
    return {
        "type": "chat.said", "room": room, "user": "alice", "message": text, "sent_at": "now",
    }  # fmt: skip


def forged(message):
    """Return that message in every form in which the layer could accept it without the key."""
    packed = msgpack.packb(message)
    moment = get_channel_layer().serialize({})[16:24]
    return [
        packed,
        bytes(16) + packed,
        bytes(16) + moment + packed,
        os.urandom(16) + moment + packed,
    ]


# The cache and Celery ----------------------------------------------------------------------------


def test_a_pickle_in_the_cache_is_not_read(tmp_path):
    exploit = pickle.dumps(Exploit(tmp_path / "run"))
    cache.set("key", 1)
    redis_client().set(cache.make_key("key"), exploit)

    assert cache.get("key", "default") == "default"
    assert cache.get_many(["key"]) == {}
    assert cache.get_or_set("key", 7) == 7
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", [["a", 1.5], {"a": None}, "é", True, 10**12])
def test_the_cache_stores_json(value):
    cache.set("key", value)

    assert cache.get("key") == value
    assert b"\x80" not in redis_client().get(cache.make_key("key"))


@pytest.mark.parametrize("stored", [b"\x80\x04.", b"[]", b"1", b'"x"', b'"2026-13-40"'])
def test_pages_are_served_whatever_the_cache_contains(client, db, stored):
    redis_client().set(cache.make_key(PORTFOLIO_KEY), stored)

    assert client.get("/login/").status_code == 200


@pytest.mark.parametrize("content_type", ["application/x-python-serialize", "application/x-yaml"])
def test_celery_reads_json_only(tmp_path, content_type):
    with app.connection_for_read() as connection, connection.SimpleQueue("forged") as queue:
        exploit = pickle.dumps(Exploit(tmp_path / "run"))
        queue.producer.publish(
            exploit, routing_key="forged", content_type=content_type, content_encoding="binary"
        )
        queue.consumer.accept = app.amqp.TaskConsumer(connection.default_channel).accept
        with pytest.raises(ContentDisallowed):
            queue.get(timeout=2)

    assert app.conf.accept_content == app.conf.result_accept_content == ["json"]
    assert not (tmp_path / "run").exists()


def moment(seconds):
    return NOON + timedelta(seconds=seconds)


# Prices ------------------------------------------------------------------------------------------


async def test_forged_prices_and_feed_states_are_ignored():
    board, redis = Board(kind="simulated"), async_client()
    board.restore([make_quote(price="38.42"), make_quote("VALE3", "60.00")])
    name = board_key("simulated")
    (_, stored, foreign) = (redis_client().hget(name, s) for s in ("@epoch", "PETR4", "VALE3"))
    forged = [
        foreign,
        stored.replace(b"38.42", b"99.99"),
        b"0|1|" + stored.split(b"|", 2)[2][16:],
        b"x",
        b"0|1|" + b"x" * 40,
    ]
    status = {"batch_at": "2026-01-05T12:00:00Z", "next_due_at": "2026-01-05T12:00:00Z"}
    redis_client().hset(name, "@status", orjson.dumps(status))

    for value in forged:
        redis_client().hset(name, "PETR4", value)
        contents = await BoardReader(kind="simulated", redis_client=redis).read()
        assert list(contents.quotes) == ["VALE3"]
        assert board.pulse().status is None

    placed = board.put([make_quote(price="38.43")], None)
    assert placed.changed["PETR4"][0] is None
    await redis.aclose()


async def test_an_older_quote_copied_back_is_not_shown_again(caplog):
    board, redis, raw = Board(kind="simulated"), async_client(), redis_client()
    reader = BoardReader(kind="simulated", redis_client=redis)
    name = board_key("simulated")
    board.restore([])
    old, new = (
        make_quote(price="38.42", quoted_at=moment(1)),
        make_quote(price="60.00", quoted_at=moment(2)),
    )
    board.put([old], None)
    copied = raw.hget(name, "PETR4")
    board.put([new], None)
    assert (await reader.read()).quotes["PETR4"][1].price == new.price
    _seq, time_ms, value = copied.split(b"|", 2)
    later = str(int(moment(3).timestamp() * 1000)).encode()

    for replayed in (copied, b"9|" + time_ms + b"|" + value, b"9|" + later + b"|" + value):
        raw.hset(name, "PETR4", replayed)
        assert (await reader.read()).quotes == {}
    raw.hset(name, "@epoch", "another")
    assert (await reader.read()).quotes == {}
    fresh = BoardReader(kind="simulated", redis_client=redis)
    assert (await fresh.read()).quotes == {}  # the last copy has the time of another quote

    assert "an old quote of PETR4" in caplog.text
    await redis.aclose()


def test_changes_are_not_counted_from_an_older_quote_copied_back():
    board, raw = Board(kind="simulated"), redis_client()
    board.restore([])
    board.put([make_quote(price="38.42", quoted_at=moment(1))], None)
    copied = raw.hget(board_key("simulated"), "PETR4")
    board.put([make_quote(price="60.00", quoted_at=moment(2))], None)
    raw.hset(board_key("simulated"), "PETR4", copied)

    placed = board.put([make_quote(price="38.42", quoted_at=moment(3))], None)

    # Otherwise the price would count as unchanged, and pages would go on showing 60.00.
    assert placed.changed["PETR4"][0] is None


# Messages to sockets -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_forged_ends_of_log_ins_are_refused(websocket, alice, caplog):
    async with websocket(TRACK, alice) as socket:
        ended = {"type": "login.ended", "user": alice.pk, "session": None}
        for data in forged(ended):
            await send_raw(LOGINS, data)

        assert (await socket.request({"type": "ping"}))["type"]
        await check_arrives(socket)

    assert "LoginHub refused a message" in caplog.text
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.django_db(transaction=True)
async def test_forged_chat_is_refused_whatever_its_size(websocket, alice):
    async with websocket(TRACK, alice) as socket:
        for data in [*forged(chat()), *forged(chat("x" * 3_000_000))]:
            await send_raw(STOCK_CHAT, data)

        await check_arrives(socket)


async def check_arrives(socket):
    """Send a true chat message and check that it is the first one to arrive."""
    publish([GroupMessage(STOCK_CHAT, chat("true"))])
    assert (await socket.next("message"))["message"] == "true"


@pytest.mark.django_db(transaction=True)
async def test_a_recorded_message_is_refused_later(websocket, alice):
    recorded = sign(
        SENT_AT.pack(time.time() - VALID_S - 1) + msgpack.packb(chat()), purpose=PURPOSE
    )
    async with websocket(TRACK, alice) as socket:
        await send_raw(STOCK_CHAT, recorded)

        await check_arrives(socket)


async def test_a_signature_by_an_older_key_is_valid(settings):
    data = get_channel_layer().serialize({"type": "x"})
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]

    assert get_channel_layer().deserialize(data) == {"type": "x"}


@pytest.mark.django_db(transaction=True)
async def test_typing_and_presence_name_no_user_by_forgery(websocket, alice, bob):
    room = await sync_to_async(Room.objects.create)(
        name="Sala", host=bob, created_at=timezone.now(), active_at=timezone.now()
    )
    typing = {
        "type": "room.typing", "room": room.pk, "origin": "x",
        "user": {"id": bob.pk, "name": "bob", "avatar": None},
    }  # fmt: skip
    redis = async_client()
    place = f"room:{room.pk}"
    lease = PresenceLease("mine", client=redis)
    other = PresenceLease("other", client=redis)
    async with websocket(f"/ws/room/{room.pk}/", alice) as socket:
        assert (await socket.next("room"))["present"]
        for data in forged(typing):
            await send_raw(ROOMS, data)
        names = [f"{bob.pk}:x", f"{bob.pk}:x:", f"{bob.pk}:x:{'0' * 32}", f"{bob.pk}:x:é", "::"]
        redis_client().zadd(key(place, "present"), {name: time.time() for name in names})
        await other.sync({place: [alice.pk]})

        assert (await lease.sync({place: []}))[1] == {place: frozenset([alice.pk])}
        assert (await socket.request({"type": "ping"}))["type"] == "pong"
    await redis.aclose()


def test_a_forged_ticket_is_refused():
    value = tickets.issue("session")
    other = tickets.issue("another")
    name = tickets._key(value)
    for stored in (b"session", redis_client().get(tickets._key(other)), b"", b"x" * 40):
        redis_client().set(name, stored)
        assert tickets.redeem(value) is None
    assert tickets.redeem(other) == "another"
