import asyncio

import pytest

from mainapp.core.realtime.writer import (
    EXTENSION,
    MAX_QUEUED,
    ConflatingWriter,
    SocketWriter,
    never_sends,
    try_send_of,
)
from mainapp.core.tests.pipes import Pipe, settle


class PriceWriter(ConflatingWriter):
    """Counts its calls of `catch_up`."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.times = 0

    def catch_up(self):
        self.behind = self.needs_snapshot = False
        self.times += 1
        return f"caught up {self.times}".encode()


@pytest.fixture
def pipe():
    return Pipe()


@pytest.fixture(params=["in place", "by a task"])
def try_send(request, pipe):
    return pipe.try_send if request.param == "in place" else never_sends


@pytest.fixture
def writer(pipe, try_send):
    return SocketWriter(pipe.send, try_send)


@pytest.fixture
def prices(pipe, try_send):
    return PriceWriter(pipe.send, try_send)


async def test_frame_is_sent_in_place_while_the_client_reads(pipe):
    writer = PriceWriter(pipe.send, pipe.try_send)
    before = asyncio.all_tasks()

    assert writer.offer(b"a")
    assert writer.write(lambda: b"b")

    assert pipe.sent == ["a", "b"]
    assert not writer.is_busy
    assert asyncio.all_tasks() == before
    await writer.drained()


async def test_frames_keep_their_order(writer, pipe):
    for n in range(3):
        assert writer.write(str(n).encode())
    await writer.drained()
    pipe.stop()
    for n in range(3, 6):
        assert writer.write(lambda n=n: str(n).encode())

    await pipe.resume()

    assert pipe.sent == ["0", "1", "2", "3", "4", "5"]
    assert not writer.is_busy


async def test_frame_is_built_when_its_turn_comes(writer, pipe):
    pipe.stop()
    price = [b"38.42"]
    writer.write(b"a")
    writer.write(lambda: price[0])
    price[0] = b"38.43"

    await pipe.resume()

    assert pipe.sent == ["a", "38.43"]


async def test_queue_is_bounded(writer, pipe):
    pipe.stop()
    writer.write(b"a")

    accepted = [writer.write(str(n).encode()) for n in range(MAX_QUEUED + 5)]

    assert accepted == [True] * MAX_QUEUED + [False] * 5
    await pipe.resume()
    assert pipe.sent == ["a", *map(str, range(MAX_QUEUED))]


async def test_frame_that_cannot_be_built_is_logged_and_skipped(writer, pipe, caplog):
    pipe.stop()
    writer.write(b"a")
    writer.write(lambda: 1 / 0)
    writer.write(b"b")

    await pipe.resume()

    assert pipe.sent == ["a", "b"]
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


async def test_remaining_frames_wait_when_the_client_stops_again(writer, pipe):
    pipe.stop()
    writer.write(b"a")

    def build():
        pipe.stop()
        return b"1"

    writer.write(build)
    writer.write(b"2")
    await pipe.resume()
    assert (pipe.sent, writer.is_busy) == (["a"], True)

    await pipe.resume()

    assert (pipe.sent, writer.is_busy) == (["a", "1", "2"], False)


async def test_drained_waits_until_nothing_is_queued(writer, pipe):
    pipe.stop()
    writer.write(b"a")
    writer.write(b"1")
    draining = asyncio.ensure_future(writer.drained())
    await settle()
    assert not draining.done()

    await pipe.resume()

    assert draining.done()
    assert pipe.sent == ["a", "1"]


async def test_drained_returns_although_the_client_is_always_behind(pipe):
    class Behind(PriceWriter):
        def catch_up(self):
            frame = super().catch_up()
            self.behind = self.times < 100
            return frame

    async def send(message):
        await asyncio.sleep(0)
        await pipe.send(message)

    writer = Behind(send)
    writer.offer(b"a")
    writer.behind = True
    writer.write(b"1")

    await writer.drained()

    assert "1" in pipe.sent
    assert writer.times < 100
    writer.close()


async def test_closing_ends_the_task_and_wakes_waiters(writer, pipe):
    before = asyncio.all_tasks()
    pipe.stop()
    writer.write(b"a")
    writer.write(b"1")
    draining = asyncio.ensure_future(writer.drained())
    await settle()

    writer.close()
    await draining
    await settle()

    assert asyncio.all_tasks() == before
    pipe.reads.set()
    assert writer.write(b"b")
    assert pipe.sent == []


async def test_closing_before_the_task_ran_wakes_waiters(writer, pipe):
    pipe.stop()
    writer.write(b"a")
    draining = asyncio.ensure_future(writer.drained())
    await asyncio.sleep(0)
    writer.close()

    await asyncio.wait_for(draining, 1)


@pytest.mark.parametrize("error", [OSError("left"), RuntimeError("the close frame is out")])
async def test_writer_closes_when_the_client_left(prices, pipe, error):
    pipe.error = error

    assert prices.offer(b"a")
    await settle()

    assert prices.is_closed
    pipe.error = None
    prices.offer(b"b")
    prices.write(b"c")
    await settle()
    assert pipe.sent == []


async def test_writer_closes_when_the_client_leaves_with_queued_frames(prices, pipe):
    pipe.stop()
    pipe.error = OSError("left")
    prices.offer(b"a")
    prices.behind = True
    prices.write(b"1")

    await pipe.resume()
    await prices.drained()

    assert prices.is_closed
    assert pipe.sent == []


async def test_slow_send_is_awaited_to_its_end():
    sent = []

    async def send(message):
        for _ in range(3):
            await asyncio.sleep(0)
        sent.append(message["text"])

    writer = SocketWriter(send)
    writer.write(b"a")
    writer.write(b"b")
    await writer.drained()

    assert sent == ["a", "b"]


# Conflation ----------------------------------------------------------------------------------


async def test_updates_are_not_queued_while_the_client_does_not_read(prices, pipe):
    pipe.stop()
    assert prices.offer(b"a")
    for frame in (b"b", b"c", b"d"):
        assert not prices.offer(frame)
        prices.behind = True
    assert pipe.sent == []

    await pipe.resume()

    assert pipe.sent == ["a", "caught up 1"]
    assert not prices.is_busy
    assert prices.offer(b"g")
    await prices.drained()
    assert pipe.sent[-1] == "g"


async def test_update_offered_as_the_task_ends_is_not_lost(pipe):
    """A frame offered between the task's last step and its callbacks must still be sent."""
    writer = PriceWriter(pipe.send)
    outcomes = []

    async def send(message):
        pipe.sent.append(message["text"])
        asyncio.get_running_loop().call_soon(lambda: outcomes.append(writer.offer(b"b")))

    writer._send = send
    writer.offer(b"a")
    await settle()
    writer._send = pipe.send
    await settle()

    assert outcomes[0] is True
    assert pipe.sent[:2] == ["a", "b"]


async def test_client_that_missed_nothing_receives_nothing_more(prices, pipe):
    pipe.stop()
    prices.offer(b"a")

    await pipe.resume()

    assert pipe.sent == ["a"]


async def test_replies_keep_their_order_and_precede_the_catch_up(prices, pipe):
    pipe.stop()
    prices.offer(b"a")
    prices.behind = True
    for answer in (b"1", b"2", b"3"):
        assert prices.write(answer)

    await pipe.resume()

    assert pipe.sent == ["a", "1", "2", "3", "caught up 1"]


async def test_snapshot_precedes_queued_replies(prices, pipe):
    pipe.stop()
    prices.offer(b"a")
    prices.needs_snapshot = True
    prices.write(b"1")

    await pipe.resume()

    assert pipe.sent == ["a", "caught up 1", "1"]


def test_synchronous_send_is_found_in_the_scope():
    assert try_send_of({"extensions": {EXTENSION: {"send": bool}}}) is bool
    for scope in ({}, {"extensions": None}, {"extensions": {"websocket.http.response": {}}}):
        assert try_send_of(scope) is never_sends
