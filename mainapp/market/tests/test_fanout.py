import asyncio
import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from channels.layers import get_channel_layer

from mainapp.core.realtime import GroupMessage, publish
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.core.tests.own_redis import OwnRedis, point_at
from mainapp.core.tests.pipes import Pipe, settle, until
from mainapp.market.board import Board, FeedStatus, Pulse
from mainapp.market.events import STOCK_TRACK
from mainapp.market.fanout import QuoteFanout, TrackedSocket
from mainapp.market.fanout.feed import OVERDUE, SILENCE_S, FeedWatch
from mainapp.market.fanout.prices import Prices
from mainapp.market.fanout.wanted import FIRST_RETRY_S, LAST_RETRY_S, NEW_S, Wanted
from mainapp.market.services import updating
from mainapp.market.tests.factories import NOON
from mainapp.market.tests.quotes import make_quote

FULL = make_quote().to_wire()


@asynccontextmanager
async def running(request=lambda symbols: None):
    async with QuoteFanout(request) as hub:
        await hub.ready()
        yield hub


class Client:
    """A socket of the hub's, and what came through it."""

    def __init__(self, hub, *symbols, room="track"):
        self.hub, self.pipe = hub, Pipe()
        self.socket = TrackedSocket(
            send=self.pipe.send,
            try_send=self.pipe.try_send,
            room=room,
            limit=30,
            catch_up=hub.broadcaster.catch_up,
        )
        hub.subscribers.join(self.socket)
        hub.subscribers.subscribe(self.socket, symbols)

    @property
    def frames(self):
        frames = [json.loads(text) for text in self.pipe.sent]
        return [frame for frame in frames if frame["type"] != "heartbeat"]

    def answer(self, *symbols, since=None):
        snapshot = self.hub.broadcaster.snapshot
        self.socket.write(lambda: snapshot(self.socket, symbols, since=since))


def recorded(seq, epoch, **quotes):
    return {"type": "quotes.recorded", "epoch": epoch, "seq": seq, "quotes": quotes}


# Gaps ----------------------------------------------------------------------------------------


async def test_gap_is_filled_from_the_board_at_once(board):
    await board.put(make_quote(), make_quote("VALE3", "61.00"))
    async with running() as hub:
        client = Client(hub, "PETR4", "VALE3")
        updating.quote_board().put([make_quote(price="38.43")], None)
        updating.quote_board().put([make_quote("VALE3", "61.10")], None)

        await hub.apply_batch(recorded(3, board.epoch, VALE3={"price": "61.10"}))

        quotes = {"PETR4": {"price": "38.43"}, "VALE3": {"price": "61.10"}}
        assert client.frames == [{"type": "update", "seq": 3, "quotes": quotes}]


async def test_batch_that_was_read_from_the_board_already_is_not_told_again(board):
    await board.put(make_quote())
    async with running() as hub:
        client = Client(hub, "PETR4")
        updating.quote_board().put([make_quote(price="38.43")], None)
        updating.quote_board().put([make_quote(price="38.44")], None)
        await hub.apply_batch(recorded(3, board.epoch, PETR4={"price": "38.44"}))

        await hub.apply_batch(recorded(2, board.epoch, PETR4={"price": "38.43"}))

        assert client.frames == [
            {"type": "update", "seq": 3, "quotes": {"PETR4": {"price": "38.44"}}}
        ]
        assert hub.prices.seq == 3


async def test_batch_that_comes_while_the_board_is_read_is_not_undone(board):
    await board.put(make_quote())
    async with running() as hub:
        client = Client(hub, "PETR4")
        updating.quote_board().put([make_quote(price="38.43")], None)
        reading = asyncio.ensure_future(hub.resync())
        await settle_until_asked(hub)
        await hub.apply_batch(recorded(2, board.epoch, PETR4={"price": "38.43"}))
        await hub.apply_batch(recorded(3, board.epoch, PETR4={"price": "38.44"}))

        await reading

        assert [frame["seq"] for frame in client.frames] == [2, 3]
        assert hub.prices.seq == 3
        assert hub.prices.entries["PETR4"].fields["price"] == "38.44"


async def settle_until_asked(hub):
    while not hub._resyncing.locked():
        await asyncio.sleep(0)


# Slow clients --------------------------------------------------------------------------------


async def test_slow_client_gets_the_latest_of_each_field_once(board):
    await board.put(make_quote(), make_quote("VALE3", "61.00"))
    async with running() as hub:
        slow, quick = Client(hub, "PETR4", "VALE3"), Client(hub, "PETR4")
        slow.answer("PETR4", "VALE3")
        slow.pipe.stop()
        for seq, fields in (
            (2, {"PETR4": {"price": "38.43"}}),
            (3, {"PETR4": {"price": "38.44", "volume": 1}}),
            (4, {"PETR4": {"price": "38.45"}, "ITUB4": {"price": "1.00"}}),
        ):
            await hub.apply_batch(recorded(seq, board.epoch, **fields))

        await slow.pipe.resume()

        assert slow.frames[1:] == [
            {"type": "update", "seq": 2, "quotes": {"PETR4": {"price": "38.43"}}},
            {"type": "update", "seq": 4, "quotes": {"PETR4": {"price": "38.45", "volume": 1}}},
        ]
        assert [frame["seq"] for frame in quick.frames] == [2, 3, 4]


async def test_answer_to_a_client_that_is_behind_loses_no_change(board):
    await board.put(make_quote(), make_quote("VALE3", "61.00"))
    async with running() as hub:
        slow = Client(hub, "PETR4")
        slow.answer("PETR4")
        slow.pipe.stop()
        await hub.apply_batch(recorded(2, board.epoch, PETR4={"price": "38.43"}))
        await hub.apply_batch(recorded(3, board.epoch, PETR4={"price": "38.44"}))
        hub.subscribers.subscribe(slow.socket, ["VALE3"])
        slow.answer("VALE3")

        await slow.pipe.resume()

        _first, _blocked, answer, caught_up = slow.frames
        assert answer["quotes"]["VALE3"]["price"] == "61.00"
        assert answer["seq"] == 2  # all that it was told up to: it resumes from there
        assert caught_up == {"type": "update", "seq": 3, "quotes": {"PETR4": {"price": "38.44"}}}


async def test_client_behind_in_a_new_epoch_gets_it_whole_and_then_its_changes(board):
    await board.put(make_quote())
    async with running() as hub:
        for price in ("38.43", "38.44", "38.45"):
            await board.put(make_quote(price=price))
        await until(lambda: hub.prices.seq == 4)
        slow = Client(hub, "PETR4")
        slow.answer("PETR4")
        slow.pipe.stop()
        await hub.apply_batch(recorded(5, board.epoch, PETR4={"price": "38.46"}))
        board.lose()
        board.refill(make_quote(price="40.00"))
        await hub.resync()
        await slow.pipe.resume()
        last = slow.frames[-1]
        assert (last["type"], last["epoch"], last["seq"]) == ("snapshot", board.epoch, 0)
        assert last["quotes"]["PETR4"]["price"] == "40.00"

        slow.pipe.stop()
        await hub.apply_batch(recorded(1, board.epoch, PETR4={"price": "40.01"}))
        await hub.apply_batch(recorded(2, board.epoch, PETR4={"price": "40.02"}))
        await slow.pipe.resume()

        assert [frame["quotes"]["PETR4"]["price"] for frame in slow.frames[-2:]] == [
            "40.01",
            "40.02",
        ]
        assert [frame["seq"] for frame in slow.frames[-2:]] == [1, 2]


async def test_first_changes_in_a_new_epoch_reach_a_client_that_is_behind(board):
    """Its number of the old epoch was higher: it must not be taken for one of the new."""
    await board.put(make_quote(), make_quote("VALE3"))
    for price in ("38.43", "38.44", "38.45"):
        await board.put(make_quote(price=price))
    async with running() as hub:
        slow = Client(hub, "PETR4", "VALE3")
        slow.answer("PETR4", "VALE3")
        board.lose()
        board.refill(make_quote(price="40.00"), make_quote("VALE3"))
        await hub.resync()
        slow.pipe.stop()
        hub.broadcaster.send_snapshots()  # whatever it waits for
        await hub.apply_batch(recorded(1, board.epoch, PETR4={"price": "40.01"}))

        await slow.pipe.resume()

        assert slow.frames[-1] == {
            "type": "update",
            "seq": 1,
            "quotes": {"PETR4": {"price": "40.01"}},
        }


async def test_client_that_stops_reading_costs_little(board):
    await board.put(*(make_quote(f"X{n:03}3") for n in range(30)))
    async with running() as hub:
        slow = Client(hub, *(f"X{n:03}3" for n in range(30)))
        slow.pipe.stop()
        for seq in range(2, 1000):
            batch = {f"X{n:03}3": {"price": f"{seq}.00"} for n in range(30)}
            await hub.apply_batch(recorded(seq, board.epoch, **batch))

        await slow.pipe.resume()

        assert [frame["seq"] for frame in slow.frames] == [2, 999]


# The feed ------------------------------------------------------------------------------------


def pulse(*, due_in_s=10.0, worker=True, status=True):
    next_due_at = NOON + timedelta(seconds=due_in_s)
    batch = FeedStatus(batch_at=NOON, next_due_at=next_due_at) if status else None
    return Pulse("e", 1, batch, worker)


@pytest.mark.parametrize(
    ("heard", "silence_s", "expected"),
    [
        (None, 0, "down"),
        (pulse(), 0, "live"),
        (pulse(), SILENCE_S, "live"),
        (pulse(), SILENCE_S + 0.1, "down"),
        (pulse(worker=False), 0, "down"),
        (pulse(worker=False, due_in_s=-10), 0, "down"),
        (pulse(status=False), 0, "late"),
        (pulse(due_in_s=-OVERDUE.total_seconds()), 0, "live"),
        (pulse(due_in_s=-OVERDUE.total_seconds() - 0.01), 0, "late"),
    ],
)
def test_feed_is_what_the_last_pulse_and_the_clock_say(heard, silence_s, expected):
    watch = FeedWatch()
    if heard:
        watch.note_pulse(heard, 100.0)

    assert watch.state(now=100.0 + silence_s, at=NOON) == expected


async def test_redis_that_is_away_keeps_no_socket_waiting(settings):
    point_at(settings, "unix:///nowhere/redis.sock")
    started = time.monotonic()
    async with running() as hub:
        assert time.monotonic() - started < 1.5
        client = Client(hub, "PETR4")
        client.answer("PETR4")

    (frame,) = client.frames
    assert (frame["feed"], frame["epoch"], frame["seq"]) == ("down", None, 0)
    assert frame["pending"] == ["PETR4"]


async def test_redis_that_hangs_keeps_no_socket_waiting(settings, tmp_path):
    path = tmp_path / "hung.sock"
    hung = await asyncio.start_unix_server(hang, path)
    point_at(settings, f"unix://{path}")
    started = time.monotonic()
    async with running() as hub:
        assert time.monotonic() - started < 1.7
        client = Client(hub, "PETR4")
        client.answer("PETR4")
    hung.close()

    assert client.frames[0]["feed"] == "down"


async def hang(reader, writer):
    await reader.read()
    writer.close()


def fill_board(own, quote):
    """Fill the board as a living worker whose next batch is due in a minute does."""
    board = Board(simulated=True, redis_client=own.client())
    board.restore([quote])
    board.renew_worker_lease()
    in_a_minute = datetime.now(UTC) + timedelta(seconds=60)
    board.put([], FeedStatus(batch_at=NOON, next_due_at=in_a_minute))
    return board


async def test_hub_recovers_by_itself_from_a_killed_redis(settings, tmp_path):
    own = OwnRedis(tmp_path)
    await own.start()
    point_at(settings, own.url)
    fill_board(own, make_quote())
    async with running() as hub:
        client = Client(hub, "PETR4")
        client.answer("PETR4")
        assert client.frames[0]["feed"] == "live"

        await own.kill()
        await until(lambda: '"feed":"down"' in client.pipe.sent[-1], 3)

        await own.start()
        board = fill_board(own, make_quote(price="40.00"))
        await until(lambda: len(client.frames) == 2, 2)
        assert client.frames[1]["quotes"]["PETR4"]["price"] == "40.00"
        await until(lambda: '"feed":"live"' in client.pipe.sent[-1], 2)
        await rejoined(own, hub)

        placed = board.put([make_quote(price="40.01")], None)
        message = recorded(placed.seq, placed.epoch, PETR4={"price": "40.01"})
        publish([GroupMessage(STOCK_TRACK, message)])
        await until(lambda: len(client.frames) == 3, 1)
        assert client.frames[2]["quotes"] == {"PETR4": {"price": "40.01"}}
    await own.kill()


async def rejoined(own, hub):
    """Wait until the hub's lease and its membership of the group are in Redis."""
    await until(lambda: own.client().smembers(key("watch", hub.lease._name)) == {b"PETR4"}, 2)
    await until(lambda: own.subscribers(STOCK_TRACK) == 1, 3)


# The hub's tasks -----------------------------------------------------------------------------


async def test_process_joins_each_group_once(board):
    async with running() as hub:
        for _ in range(5):
            Client(hub, "PETR4")
        layer = get_channel_layer()._get_layer()
        assert {name: len(channels) for name, channels in layer.groups.items()} == {
            layer._get_group_channel_name(group): 1 for group in hub.groups
        }


async def test_asking_that_hangs_or_fails_holds_up_no_lease(board, caplog):
    asked, answered = [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(symbols):
        asked.append(symbols)
        if len(asked) == 1:
            asyncio.run_coroutine_threadsafe(answered.wait(), loop).result()
            raise LookupError("cannot ask")

    async with running(ask) as hub:
        Client(hub, "PETR4")
        await until(lambda: asked == [["PETR4"]])
        Client(hub, "VALE3")
        await until(lambda: not hub.lease.is_dirty)
        assert hub.subscribers.wanted.counts.keys() == {"PETR4", "VALE3"}
        answered.set()
        await until(lambda: asked == [["PETR4"], ["VALE3"]])
    assert caplog.records[0].getMessage() == "QuoteFanout.maintain_lease failed and starts again"


async def test_stopping_ends_every_task_and_gives_the_lease_up(board):
    before = asyncio.all_tasks()
    async with running() as hub:
        Client(hub, "PETR4")
        lease = key("watch", hub.lease._name)
        await until(lambda: not hub.lease.is_dirty)
    await get_channel_layer().flush()
    await settle()

    assert asyncio.all_tasks() == before
    assert not redis_client().exists(lease)


async def test_rooms_that_nobody_is_in_leave_nothing_behind(board):
    async with running() as hub:
        client = Client(hub, "PETR4")
        hub.send_chat(
            {"type": "chat.said", "room": "x", "user": "a", "message": "m", "sent_at": ""}
        )
        await hub.apply_batch(recorded(1, board.epoch, VALE3=FULL))
        assert (set(hub.subscribers.by_room), set(hub.subscribers.by_symbol)) == (
            {"track"},
            {"PETR4"},
        )
        hub.subscribers.leave(client.socket)
        hub.subscribers.leave(client.socket)
        assert (hub.subscribers.by_room, hub.subscribers.by_symbol, hub.subscribers.sockets) == (
            {},
            {},
            set(),
        )


async def test_symbol_without_a_fresh_quote_is_asked_for_once_by_all(board):
    now = datetime.now(UTC)
    await board.put(make_quote("VALE3", quoted_at=now), make_quote("ITUB4"))
    asked = []
    async with running(asked.append) as hub:
        hub.requests.started_at -= NEW_S
        one, two = Client(hub, "PETR4", "VALE3", "ITUB4"), Client(hub, "PETR4")
        await until(lambda: asked)
        assert asked == [["ITUB4", "PETR4"]]
        hub.subscribers.leave(one.socket)
        assert hub.subscribers.wanted.counts == {"PETR4": 1}
        hub.subscribers.leave(two.socket)
        assert hub.subscribers.wanted.counts == {}


async def test_new_process_asks_for_what_its_sockets_show_however_fresh(board):
    await board.put(make_quote(quoted_at=datetime.now(UTC)))
    asked = []
    async with running(asked.append) as hub:
        Client(hub, "PETR4", "VALE3")
        await until(lambda: asked == [["VALE3"], ["PETR4"]], 4)


# Parts ---------------------------------------------------------------------------------------


class NoLease:
    def __init__(self):
        self.noted = []

    def note(self, symbol):
        self.noted.append(symbol)


@pytest.fixture
def wanted():
    return Wanted(NoLease(), is_fresh=lambda symbol: symbol == "FRESH3")


def test_symbols_are_counted_and_noted_at_the_edges(wanted):
    wanted.add(["PETR4", "VALE3"])
    wanted.add(["PETR4"])
    wanted.discard(["PETR4"])
    assert wanted._lease.noted == ["PETR4", "VALE3"]

    wanted.discard(["PETR4"])

    assert wanted._lease.noted == ["PETR4", "VALE3", "PETR4"]
    assert wanted.counts == {"VALE3": 1}


def test_unanswered_symbol_is_asked_for_again_less_and_less_often(wanted):
    wanted.add(["PETR4", "FRESH3"])
    asked_at = [
        now
        for now in range(300)
        if wanted.pop_requests(now=float(now), missing=lambda symbol: True)
    ]

    gaps = [after - before for before, after in pairwise(asked_at)]
    assert (asked_at[0], gaps[:4]) == (0, [FIRST_RETRY_S, 6, 12, 24])
    assert max(gaps) == LAST_RETRY_S


def test_answered_and_abandoned_symbols_are_not_asked_for_again(wanted):
    wanted.add(["PETR4", "VALE3"])
    wanted.pop_requests(now=0.0, missing=lambda symbol: True)
    wanted.discard(["VALE3"])

    assert wanted.pop_requests(now=9.0, missing=lambda symbol: True) == ["PETR4"]
    assert wanted.pop_requests(now=99.0, missing=lambda symbol: False) == []
    assert wanted.pop_requests(now=999.0, missing=lambda symbol: True) == []
    assert wanted._retries == {}


def test_prices_remember_since_when_each_field_is_so():
    prices = Prices()
    prices.apply({"PETR4": {"price": "1.00", "volume": 1}}, 1)
    prices.apply({"PETR4": {"price": "2.00"}}, 2)
    prices.apply({"VALE3": {"price": "9.00"}}, 3)

    assert prices.changes(["PETR4", "VALE3"], 3) is None
    assert json.loads(prices.changes(["PETR4", "VALE3"], 1)) == {
        "PETR4": {"price": "2.00"},
        "VALE3": {"price": "9.00"},
    }
    assert json.loads(prices.changes(["PETR4", "XXXX3"], 0)) == {
        "PETR4": {"price": "2.00", "volume": 1}
    }
    assert json.loads(prices.whole(["PETR4", "VALE3"], 2)) == {"VALE3": {"price": "9.00"}}
    assert prices.pending(["VALE3", "XXXX3", "ITUB4"]) == ["ITUB4", "XXXX3"]


def test_a_page_loaded_again_asks_for_an_old_quote_once(wanted):
    asked = []
    for now in (0.0, 10.0, 29.0, 30.0):
        wanted.add(["PETR4"])
        asked.append(wanted.pop_requests(now=now, missing=lambda symbol: False))
        wanted.discard(["PETR4"])

    assert asked == [["PETR4"], [], [], ["PETR4"]]
