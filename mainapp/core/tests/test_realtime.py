import asyncio
import socket
import time

import pytest
from channels.layers import get_channel_layer
from django.db import connection

from mainapp.core import realtime
from mainapp.core.realtime import listen, publish, publish_now, query


@pytest.fixture
def nobody_answers(settings):
    """Point the channel layer at a Redis that is not there."""
    layer = settings.CHANNEL_LAYERS["default"]
    hosts = {"hosts": [{"address": "unix:///nowhere/redis.sock"}]}
    settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": hosts}}


async def test_published_messages_reach_their_groups_in_order():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("one", channel)
    await layer.group_add("two", channel)

    batch = [("one", {"n": 1}), ("two", {"n": 2}), ("other", {"n": 3}), ("one", {"n": 4})]
    await asyncio.to_thread(publish, batch)

    assert [(await layer.receive(channel))["n"] for _ in range(3)] == [1, 2, 4]


async def test_listening_passes_on_what_the_groups_say():
    heard, joined, both = [], asyncio.Event(), asyncio.Event()

    def hear(message):
        heard.append(message["n"])
        if len(heard) == 2:
            both.set()

    listening = asyncio.create_task(listen(["one", "two"], hear, joined=joined))
    await asyncio.wait_for(joined.wait(), 5)
    await publish_now([("one", {"type": "a", "n": 1}), ("other", {"type": "a", "n": 2})])
    await publish_now([("two", {"type": "a", "n": 3})])
    await asyncio.wait_for(both.wait(), 5)
    listening.cancel()
    await asyncio.wait([listening])

    assert heard == [1, 3]


async def test_nobody_waits_to_listen_to_a_redis_that_is_away(nobody_answers):
    joined = asyncio.Event()
    listening = asyncio.create_task(listen(["one"], print, joined=joined))

    await asyncio.wait_for(joined.wait(), 5)

    assert not listening.done()
    listening.cancel()
    await asyncio.wait([listening])


def test_publishing_without_redis_is_told_in_one_line(nobody_answers, caplog):
    publish([("one", {"n": 1}), ("two", {"n": 2})])

    (record,) = caplog.records
    assert record.getMessage().startswith("nothing was published: ")
    assert record.exc_info is None


async def test_publishing_to_a_redis_that_hangs_is_given_up(settings, caplog, monkeypatch):
    hung = socket.create_server(("127.0.0.1", 0))
    layer = settings.CHANNEL_LAYERS["default"]
    hosts = {"hosts": [{"address": f"redis://127.0.0.1:{hung.getsockname()[1]}"}]}
    settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": hosts}}
    monkeypatch.setattr(realtime, "PUBLISH_S", 0.05)

    with hung:
        await publish_now([("one", {"n": 1})])
        await get_channel_layer().flush()

    assert [record.getMessage()[:21] for record in caplog.records] == ["nothing was published"]


async def test_query_holds_up_neither_the_loop_nor_another_query():
    slow = asyncio.ensure_future(query(time.sleep, 0.3))
    started = time.monotonic()

    assert await query(lambda: 1) == 1

    assert time.monotonic() - started < 0.2
    assert not slow.done()
    await slow


@pytest.mark.django_db(transaction=True)
async def test_query_leaves_no_connection_open():
    def used():
        connection.ensure_connection()
        return connection

    assert (await query(used)).connection is None
