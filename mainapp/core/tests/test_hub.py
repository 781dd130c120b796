"""Behaviour of the hubs' base class, tested on every registered hub."""

import asyncio
import inspect
import threading
import time
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import msgpack  # type: ignore[import-untyped] # it has no types
import pytest
from channels.layers import get_channel_layer

from mainapp.core import redis as core_redis
from mainapp.core import redis_layer
from mainapp.core.contexts import Context, current_request_id, handling
from mainapp.core.realtime import GroupMessage, Hub, OnePerLoop, hub, publish, stop_hubs
from mainapp.core.realtime.hub import registered_hubs
from mainapp.core.realtime.messages import MalformedMessage, check_shape
from mainapp.core.redis import client as redis_client
from mainapp.core.redis_layer import PURPOSE, SENT_AT
from mainapp.core.signatures import sign
from mainapp.core.tests.own_redis import OwnRedis, point_at
from mainapp.core.tests.pipes import settle, until

# Imported by name: it imports the features with hubs, which `core` may not import.
lifespan = import_module("project.asgi").lifespan

pytestmark = pytest.mark.django_db(transaction=True)

HUBS = registered_hubs()
WRONG_VALUES = (None, True, 1, 1.5, float("inf"), "x", b"x", [], ["x"], {}, {"a": 1})


@pytest.fixture(params=HUBS, ids=lambda accessor: accessor.make.__name__)
def accessor(request):
    return request.param


@pytest.fixture(autouse=True)
def _short_retries(monkeypatch):
    monkeypatch.setattr(hub, "RETRY_S", 0.01)


def example(hint):
    """Return a value of a type used in messages."""
    if is_typeddict(hint):
        return {name: example(each) for name, each in get_type_hints(hint).items()}
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) in (list, dict):
        return get_origin(hint)()
    if get_args(hint):  # a union
        return example(get_args(hint)[0])
    return {int: 1, str: "x", Any: None}[hint]


def malformed(shape):
    """Yield messages that do not have a shape: from non-messages to a single wrong value."""
    good = example(shape)
    yield from (None, 1, "x", [], [["type", good["type"]]], {})
    yield from ({"type": kind} for kind in (None, 1, [], {}, "nonsense", "__init__", "stop"))
    for name in good:
        yield {key: value for key, value in good.items() if key != name}
        for wrong in WRONG_VALUES:
            changed = good | {name: wrong}
            with suppress(MalformedMessage):
                check_shape(changed, shape)
                continue
            yield changed


def record(running, monkeypatch):
    """Replace the hub's handlers; return the list that collects their messages."""
    received = []
    for _shape, name in running.handlers.values():
        monkeypatch.setattr(running, name, received.append)
    return received


def good_messages(running):
    """Return a valid message of each type to the hub's first group."""
    return [
        GroupMessage(running.groups[0], example(shape))
        for shape, _name in running.handlers.values()
    ]


async def check_receives(running, received):
    received.clear()
    messages = good_messages(running)
    publish(messages)
    await until(lambda: len(received) == len(messages))
    assert received == [message.body for message in messages]


async def test_malformed_messages_are_logged_and_skipped(accessor, monkeypatch, caplog):
    running = accessor()
    await running.ready()
    layer, client = get_channel_layer(), redis_client()
    bad = [m for shape, _name in running.handlers.values() for m in malformed(shape)]
    assert len(bad) > 20
    for group in running.groups:
        channel = layer._get_group_channel_name(group)
        for raw in (b"", b"\xc1", b"\xff" * 100, b"{}", *map(msgpack.packb, bad)):
            client.publish(channel, sign(SENT_AT.pack(time.time()) + raw, purpose=PURPOSE))

    received = record(running, monkeypatch)
    await check_receives(running, received)

    skipped = [r for r in caplog.records if "skipped a message" in r.getMessage()]
    assert len(skipped) == (len(bad) + 4) * len(running.groups)
    assert [r for r in caplog.records if "starts again" in r.getMessage()] == []


async def test_failing_handler_does_not_stop_the_hub(accessor, monkeypatch, caplog):
    running = accessor()
    await running.ready()
    for _shape, name in running.handlers.values():
        monkeypatch.setattr(running, name, lambda message: 1 / 0)
    publish(good_messages(running))
    await until(lambda: len(caplog.records) == len(running.handlers))

    await check_receives(running, record(running, monkeypatch))


async def test_failing_task_is_restarted(accessor, monkeypatch, caplog):
    runs = []

    async def flaky():
        runs.append(len(runs))
        if len(runs) < 3:
            raise LookupError("unforeseen")
        await asyncio.sleep(60)

    monkeypatch.setattr(accessor.make, "tasks", lambda self: (flaky,))
    accessor()
    await until(lambda: len(runs) == 3)

    name = accessor.make.__name__
    assert [record.getMessage() for record in caplog.records] == [
        f"{name}.flaky failed and starts again"
    ] * 2


async def test_each_event_loop_has_its_own_hub(accessor):
    others = []

    async def in_another_loop():
        others.append(accessor())
        await stop_hubs()
        await get_channel_layer().flush()

    thread = threading.Thread(target=lambda: asyncio.run(in_another_loop()))
    first = accessor()
    thread.start()
    await asyncio.to_thread(thread.join)

    assert accessor() is first
    assert others[0] is not first
    await stop_hubs()
    assert accessor.existing() is None
    assert accessor() is not first


async def test_stopping_ends_every_task(accessor, monkeypatch):
    before = asyncio.all_tasks()
    running = accessor()
    await running.ready()

    async def swallow_one_cancellation():
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    stubborn = running.run_in_background(swallow_one_cancellation())
    await settle()

    await running.stop()
    await running.stop()
    await get_channel_layer().flush()

    assert stubborn.cancelled()
    assert asyncio.all_tasks() <= before


async def test_shutdown_of_the_server_stops_every_hub(monkeypatch, caplog):
    monkeypatch.setattr(HUBS[0].make, "cleanup", lambda self: 1 / 0)
    running = [accessor() for accessor in HUBS]
    events = iter(("lifespan.startup", "lifespan.shutdown"))
    sent = []

    async def receive():
        return {"type": next(events)}

    async def send(message):
        sent.append(message["type"])

    await lifespan({}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert all(task.done() for each in running for task in each._tasks)
    assert [record.getMessage() for record in caplog.records] == [
        f"{HUBS[0].make.__name__} could not clean up"
    ]


async def test_every_feature_with_sockets_registers_its_hub():
    assert {accessor.make.__name__ for accessor in HUBS} == {
        each.__name__ for each in Hub.__subclasses__()
    }
    assert len(HUBS) == 8


def test_files_of_hubs_are_short():
    files = {each.__name__: Path(inspect.getfile(each)) for each in Hub.__subclasses__()}

    lengths = {name: len(path.read_text().splitlines()) for name, path in files.items()}

    assert {name: length for name, length in lengths.items() if length > 150} == {}


@pytest.fixture
def short_timeouts(monkeypatch):
    """Divide the timeouts of the hubs' clients by ten; return a time longer than all of them."""
    for module, names in (
        (core_redis, ("TIMEOUT_S", "LAYER_HEALTH_CHECK_S")),
        (redis_layer, ("SILENT_S", "RETRY_S")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name) / 10)
    defaults = core_redis.async_client.__kwdefaults__
    monkeypatch.setitem(defaults, "timeout_s", core_redis.TIMEOUT_S)
    return 0.3


def test_clients_notice_a_frozen_redis_within_seconds():
    assert (core_redis.TIMEOUT_S, redis_layer.SILENT_S) == (1.0, 2.0)


async def test_hubs_receive_again_after_outages_of_redis(
    settings, tmp_path, monkeypatch, short_timeouts
):
    """Redis is missing at the start, then killed, then frozen; with a real server."""
    own = OwnRedis(tmp_path)
    point_at(settings, own.url)
    async with AsyncExitStack() as stack:
        hubs = [await stack.enter_async_context(make(accessor)) for accessor in HUBS]
        received = [record(each, monkeypatch) for each in hubs]
        for each in hubs:
            await asyncio.wait_for(each.ready(), 1)  # does not wait for a missing Redis

        async def check_all_receive():
            await until(lambda: all(own.subscribers(g) for h in hubs for g in h.groups), 10)
            for each, messages in zip(hubs, received, strict=True):
                await check_receives(each, messages)

        await own.start()
        await check_all_receive()
        await own.kill()
        await own.start()
        await check_all_receive()
        own.freeze()
        await asyncio.sleep(short_timeouts)
        own.thaw()
        await check_all_receive()
    await get_channel_layer().flush()
    await own.kill()


def make(accessor):
    return accessor.make(*accessor._arguments)


async def test_object_of_a_loop_is_created_on_the_first_call():
    made = []
    accessor = OnePerLoop(lambda name: made.append(name) or name, "a")
    try:
        assert accessor.existing() is None
        assert (accessor(), accessor(), made) == ("a", "a", ["a"])
    finally:
        OnePerLoop.registered.remove(accessor)


async def test_a_hub_does_not_have_the_request_id_of_its_first_socket():
    seen = asyncio.Queue()

    class Asking(Hub):
        groups = ("asking",)

        def tasks(self):
            return (self.ask,)

        async def ask(self):
            await seen.put(current_request_id())
            await asyncio.sleep(60)

    with handling(Context("r-1", "socket")):
        async with Asking():
            assert await asyncio.wait_for(seen.get(), 10) == ""
