import asyncio
import os
import socket
import subprocess
import sys
from threading import Thread

import pytest
from channels.layers import get_channel_layer
from django.db import transaction

from mainapp.core.realtime import GroupMessage, flush_published, publish, publish_on_commit
from mainapp.core.realtime import publish as publish_function
from mainapp.core.realtime.publish import MAX_WAITING, Publisher
from mainapp.core.tests.own_redis import point_at

limits = sys.modules[publish_function.__module__]


@pytest.fixture
def unreachable(settings):
    """Point the channel layer at a missing Redis."""
    point_at(settings, "unix:///nowhere/redis.sock")


@pytest.fixture
def hung(settings, monkeypatch):
    """Point the channel layer at a Redis that accepts connections and never responds."""
    server = socket.create_server(("127.0.0.1", 0))
    point_at(settings, f"redis://127.0.0.1:{server.getsockname()[1]}")
    monkeypatch.setattr(limits, "PUBLISH_S", 0.05)
    with server:
        yield
        flush_published()


async def subscribed(*groups):
    layer = get_channel_layer()
    channel = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    return lambda: asyncio.wait_for(layer.receive(channel), 5)


async def test_messages_reach_their_groups_in_order():
    receive = await subscribed("one", "two")

    publish(
        [
            GroupMessage("one", {"n": 1}),
            GroupMessage("two", {"n": 2}),
            GroupMessage("other", {"n": 3}),
        ]
    )
    await asyncio.to_thread(publish, [GroupMessage("one", {"n": 4})])

    assert [(await receive())["n"] for _ in range(3)] == [1, 2, 4]


def test_publishing_without_redis_is_logged_in_one_line(unreachable, caplog):
    publish([GroupMessage("one", {"n": 1}), GroupMessage("two", {"n": 2})])
    assert flush_published()

    (record,) = caplog.records
    assert record.getMessage().startswith("nothing was published: ")
    assert record.exc_info is None


def test_hanging_redis_delays_nobody(hung, caplog):
    publish([GroupMessage("one", {"n": 1})])
    assert not flush_published(0.01)
    assert flush_published()

    assert [record.getMessage() for record in caplog.records] == [
        "nothing was published: TimeoutError"
    ]


def test_queue_is_bounded(hung, caplog):
    publisher = Publisher()
    publisher._thread = Thread()  # never started
    publisher.put(GroupMessage("one", {"n": n}) for n in range(MAX_WAITING + 2))

    waiting = [message.body["n"] for message in publisher._waiting.values()]

    assert waiting == list(range(2, MAX_WAITING + 2))
    assert len(caplog.records) == 2


def test_queue_keeps_the_highest_rank_of_a_key():
    publisher = Publisher()
    publisher._thread = Thread()  # never started
    for rank in (1, 3, 2):
        publisher.put([GroupMessage("one", {"rank": rank}, key="a", rank=rank)])
    publisher.put([GroupMessage("two", {"rank": 0}, key="a"), GroupMessage("one", {"rank": 9})])

    bodies = [(m.group, m.body["rank"]) for m in publisher._waiting.values()]

    assert bodies == [("one", 3), ("two", 0), ("one", 9)]


async def test_unencodable_message_is_logged_and_the_others_are_sent(caplog):
    receive = await subscribed("one")

    publish([GroupMessage("one", {"n": object()}), GroupMessage("one", {"n": 2})])

    assert (await receive())["n"] == 2
    assert caplog.records[0].getMessage() == "a message of one could not be published"


@pytest.mark.django_db(transaction=True)
async def test_message_of_a_transaction_is_sent_after_its_commit():
    receive = await subscribed("one")

    def commit(n, is_committed):
        with transaction.atomic():
            publish_on_commit([GroupMessage("one", {"n": n})])
            flush_published()
            transaction.set_rollback(not is_committed)
            publish([GroupMessage("one", {"n": -n})])
            flush_published()

    for n, is_committed in ((1, False), (2, True)):
        await asyncio.to_thread(commit, n, is_committed)

    assert [(await receive())["n"] for _ in range(3)] == [-1, -2, 2]


SCRIPT = """
import os, sys
from mainapp.core.realtime import GroupMessage, publish
publish([GroupMessage("one", {"n": 1})])
if os.fork() == 0:
    publish([GroupMessage("one", {"n": 2})])
    sys.exit()
os.wait()
"""


async def test_published_messages_are_sent_before_the_process_ends(settings):
    receive = await subscribed("one")
    environment = os.environ | {"REDIS_URL": settings.REDIS_URL}
    environment |= {"DJANGO_SETTINGS_MODULE": "project.settings"}
    running = [sys.executable, "-c", SCRIPT]
    await asyncio.to_thread(subprocess.run, running, check=True, env=environment, timeout=60)

    assert {(await receive())["n"] for _ in range(2)} == {1, 2}
