import asyncio

import pytest

from mainapp.market.fanout.writer import MAX_QUEUED, TrackedSocket


class Pipe:
    """A server's `send` that waits while the client does not read."""

    def __init__(self):
        self.sent = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.error = None

    async def send(self, message):
        await self.reads.wait()
        if self.error:
            raise self.error
        assert message["type"] == "websocket.send"
        self.sent.append(message["text"])

    def stop(self):
        self.reads.clear()

    async def go_on(self):
        self.reads.set()
        await settle()


async def settle():
    """Let all that can run now run."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def pipe():
    return Pipe()


@pytest.fixture
def socket(pipe):
    caught_up = []

    def catch_up(socket):
        socket.behind = socket.needs_snapshot = False
        caught_up.append(f"caught up {len(caught_up) + 1}")
        return caught_up[-1]

    return TrackedSocket(send=pipe.send, room="track", limit=30, catch_up=catch_up)


async def test_frame_is_sent_in_place_while_the_client_reads(socket, pipe):
    before = asyncio.all_tasks()

    assert socket.offer("a", 1.0)
    assert socket.post(lambda: "b", 2.0)

    assert pipe.sent == ["a", "b"]
    assert (socket.sent_at, socket.is_busy) == (2.0, False)
    assert asyncio.all_tasks() == before
    await socket.drained()


async def test_updates_are_not_kept_while_the_client_does_not_read(socket, pipe):
    pipe.stop()
    assert socket.offer("a", 1.0)
    for frame in "bcdef":
        assert not socket.offer(frame, 2.0)
        socket.behind = True
    assert (pipe.sent, socket.sent_at) == ([], 1.0)

    await pipe.go_on()

    assert pipe.sent == ["a", "caught up 1"]
    assert not socket.is_busy
    assert socket.offer("g", 3.0)
    assert pipe.sent[-1] == "g"


async def test_socket_that_missed_nothing_gets_nothing_more(socket, pipe):
    pipe.stop()
    socket.offer("a", 1.0)

    await pipe.go_on()

    assert pipe.sent == ["a"]


async def test_answers_keep_their_order_and_come_before_the_catching_up(socket, pipe):
    pipe.stop()
    socket.offer("a", 1.0)
    socket.behind = True
    for answer in ("1", "2", "3"):
        assert socket.post(lambda answer=answer: answer, 1.0)

    await pipe.go_on()

    assert pipe.sent == ["a", "1", "2", "3", "caught up 1"]


async def test_whole_snapshot_comes_before_the_answers(socket, pipe):
    pipe.stop()
    socket.offer("a", 1.0)
    socket.needs_snapshot = True
    socket.post(lambda: "1", 1.0)

    await pipe.go_on()

    assert pipe.sent == ["a", "caught up 1", "1"]


async def test_answer_is_built_when_its_turn_comes(socket, pipe):
    pipe.stop()
    price = ["38.42"]
    socket.offer("a", 1.0)
    socket.post(lambda: price[0], 1.0)
    price[0] = "38.43"

    await pipe.go_on()

    assert pipe.sent == ["a", "38.43"]


async def test_queue_is_bounded(socket, pipe):
    pipe.stop()
    socket.offer("a", 1.0)

    kept = [socket.post(lambda n=n: str(n), 1.0) for n in range(MAX_QUEUED + 5)]

    assert kept == [True] * MAX_QUEUED + [False] * 5
    await pipe.go_on()
    assert pipe.sent == ["a", *map(str, range(MAX_QUEUED))]


async def test_client_that_stops_again_holds_the_rest(socket, pipe):
    pipe.stop()
    socket.offer("a", 1.0)

    def build():
        pipe.stop()
        return "1"

    socket.post(build, 1.0)
    socket.post(lambda: "2", 1.0)
    await pipe.go_on()
    assert (pipe.sent, socket.is_busy) == (["a"], True)

    await pipe.go_on()

    assert (pipe.sent, socket.is_busy) == (["a", "1", "2"], False)


async def test_drained_waits_until_all_is_written(socket, pipe):
    pipe.stop()
    socket.offer("a", 1.0)
    socket.post(lambda: "1", 1.0)
    draining = asyncio.ensure_future(socket.drained())
    await settle()
    assert not draining.done()

    await pipe.go_on()

    assert draining.done()
    assert pipe.sent == ["a", "1"]


async def test_closing_while_blocked_ends_the_waiting_task(socket, pipe):
    before = asyncio.all_tasks()
    pipe.stop()
    socket.offer("a", 1.0)
    socket.post(lambda: "1", 1.0)
    draining = asyncio.ensure_future(socket.drained())
    await settle()

    socket.close()
    await draining
    await settle()

    assert asyncio.all_tasks() == before
    pipe.reads.set()
    assert socket.offer("b", 2.0)
    assert pipe.sent == []


@pytest.mark.parametrize("error", [OSError("left"), RuntimeError("the close frame is out")])
async def test_client_that_left_is_closed_in_place(socket, pipe, error):
    pipe.error = error

    assert socket.offer("a", 1.0)

    assert socket.is_closed
    pipe.error = None
    socket.offer("b", 1.0)
    assert pipe.sent == []


async def test_client_that_leaves_while_it_is_waited_for_is_closed(socket, pipe):
    pipe.stop()
    pipe.error = OSError("left")
    socket.offer("a", 1.0)
    socket.behind = True
    socket.post(lambda: "1", 1.0)

    await pipe.go_on()
    await socket.drained()

    assert socket.is_closed
    assert pipe.sent == []


async def test_send_that_waits_several_times_is_followed_to_its_end():
    sent = []

    async def send(message):
        for _ in range(3):
            await asyncio.sleep(0)
        sent.append(message["text"])

    socket = TrackedSocket(send=send, room="track", limit=30, catch_up=lambda _: None)
    socket.offer("a", 1.0)
    await socket.drained()

    assert sent == ["a"]
