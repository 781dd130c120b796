import asyncio
import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from channels.layers import get_channel_layer

from mainapp.core import redis_layer
from mainapp.core.realtime import GroupMessage, publish
from mainapp.core.realtime import hub as core_hub
from mainapp.core.realtime.hub import READY_S
from mainapp.core.realtime.messages import MalformedMessage
from mainapp.core.redis import async_client, key
from mainapp.core.redis import client as redis_client
from mainapp.core.tests.own_redis import OwnRedis, point_at
from mainapp.core.tests.pipes import Pipe, settle, until
from mainapp.market.board import Board, FeedStatus, Pulse
from mainapp.market.events import STOCK_TRACK
from mainapp.market.fanout import QuoteFanout, TrackedSocket, feed
from mainapp.market.fanout import hub as market_hub
from mainapp.market.fanout import wanted as wanted_module
from mainapp.market.fanout.feed import OVERDUE, SILENCE_S, FeedWatch
from mainapp.market.fanout.prices import Prices
from mainapp.market.fanout.wanted import FIRST_RETRY_S, LAST_RETRY_S, NEW_S, SETTLED_S, Wanted
from mainapp.market.services import updating
from mainapp.market.tests.factories import NOON
from mainapp.market.tests.quotes import make_quote

FULL = make_quote().to_wire()
SHORT_S, SPEED = 0.2, 5


@asynccontextmanager
async def running(request=lambda symbols: None):
    async with QuoteFanout(request) as hub:
        await hub.ready()
        yield hub


@pytest.fixture
def quick_hub(monkeypatch):
    """Divide the hub's periods by SPEED, which keeps their proportions."""
    for name in ("POLL_S", "TICK_S", "RENEW_S"):
        monkeypatch.setattr(market_hub, name, getattr(market_hub, name) / SPEED)
    monkeypatch.setattr(core_hub, "RETRY_S", core_hub.RETRY_S / SPEED)


class Client:
    """A socket of the hub, with the frames that it received."""

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

    def send_snapshot(self, *symbols, since=None):
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


async def test_batch_already_read_from_the_board_is_not_sent_again(board):
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


async def test_batch_received_during_a_resync_is_not_reverted(board):
    await board.put(make_quote())
    async with running() as hub:
        client = Client(hub, "PETR4")
        updating.quote_board().put([make_quote(price="38.43")], None)
        reading = asyncio.ensure_future(hub.resync())
        await wait_for_resync(hub)
        await hub.apply_batch(recorded(2, board.epoch, PETR4={"price": "38.43"}))
        await hub.apply_batch(recorded(3, board.epoch, PETR4={"price": "38.44"}))

        await reading

        assert [frame["seq"] for frame in client.frames] == [2, 3]
        assert hub.prices.seq == 3
        assert hub.prices.entries["PETR4"].fields["price"] == "38.44"


async def test_board_is_not_read_if_the_message_arrives_just_after_the_poll(board, monkeypatch):
    await board.put(make_quote())
    monkeypatch.setattr(market_hub, "POLL_S", 0.001)
    async with running() as hub:
        client = Client(hub, "PETR4")
        reads = []

        async def pulse():
            """Return the pulse of a batch whose message arrives 1 ms later."""
            seq = hub.prices.seq + 1
            batch = hub.apply_batch(recorded(seq, board.epoch, PETR4={"price": f"{seq}.00"}))
            hub.loop.call_later(0.001, hub.run_in_background, batch)
            return Pulse(board.epoch, seq, None, worker_alive=True)

        monkeypatch.setattr(hub._board, "pulse", pulse)
        monkeypatch.setattr(hub, "resync", partial(note_read, reads))
        await until(lambda: len(client.frames) == 2)

        assert reads == []


async def note_read(reads):
    reads.append(1)


async def wait_for_resync(hub):
    while not hub._resyncing.locked():
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "changed",
    [
        {"PETR4": {"price": b"38.43"}},
        {"PETR4": {"price": {1: 2}}},
        {"PETR4": {"price": 38.43}},
        {"PETR4": {"price": "38,43"}},
        {"PETR4": {"price": None}},
        {"PETR4": {"volume": "1"}},
        {"PETR4": {"volume": True}},
        {"PETR4": {"name": ["Petrobras"]}},
        {"PETR4": {"a field of a newer version": b"1"}},
        {"PETR4": {"price": "38.43"}, "ITUB4": {"price": "1.00"}},
        {"PETR4": {"price": "38.43"}, "ITUB4": {}},
    ],
)
async def test_malformed_quotes_change_no_price(board, changed):
    await board.put(make_quote())
    async with running() as hub:
        client = Client(hub, "PETR4")
        client.send_snapshot("PETR4")
        with pytest.raises(MalformedMessage):
            await hub._handle(recorded(2, board.epoch, **changed))
        await hub._handle(recorded(2, board.epoch, PETR4={"price": "38.44"}))
        client.send_snapshot("PETR4", "ITUB4")

        snapshot, update, last = client.frames
        assert update["quotes"] == {"PETR4": {"price": "38.44"}}
        assert last["quotes"] == {"PETR4": snapshot["quotes"]["PETR4"] | {"price": "38.44"}}


async def test_field_of_a_newer_version_is_passed_on(board):
    await board.put(make_quote())
    async with running() as hub:
        client = Client(hub, "PETR4")
        await hub._handle(recorded(2, board.epoch, PETR4={"lot": 100}))

        assert client.frames[0]["quotes"] == {"PETR4": {"lot": 100}}


# Slow clients --------------------------------------------------------------------------------


async def test_slow_client_gets_the_latest_value_of_each_field_once(board):
    await board.put(make_quote(), make_quote("VALE3", "61.00"))
    async with running() as hub:
        slow, quick = Client(hub, "PETR4", "VALE3"), Client(hub, "PETR4")
        slow.send_snapshot("PETR4", "VALE3")
        slow.pipe.stop()
        for seq, fields in (
            (2, {"PETR4": {"price": "38.43"}}),
            (3, {"PETR4": {"price": "38.44", "volume": 1}}),
            (4, {"PETR4": {"price": "38.45"}, "ITUB4": make_quote("ITUB4").to_wire()}),
        ):
            await hub.apply_batch(recorded(seq, board.epoch, **fields))

        await slow.pipe.resume()

        assert slow.frames[1:] == [
            {"type": "update", "seq": 2, "quotes": {"PETR4": {"price": "38.43"}}},
            {"type": "update", "seq": 4, "quotes": {"PETR4": {"price": "38.45", "volume": 1}}},
        ]
        assert [frame["seq"] for frame in quick.frames] == [2, 3, 4]


async def test_snapshot_for_a_slow_client_loses_no_change(board):
    await board.put(make_quote(), make_quote("VALE3", "61.00"))
    async with running() as hub:
        slow = Client(hub, "PETR4")
        slow.send_snapshot("PETR4")
        slow.pipe.stop()
        await hub.apply_batch(recorded(2, board.epoch, PETR4={"price": "38.43"}))
        await hub.apply_batch(recorded(3, board.epoch, PETR4={"price": "38.44"}))
        hub.subscribers.subscribe(slow.socket, ["VALE3"])
        slow.send_snapshot("VALE3")

        await slow.pipe.resume()

        _first, _blocked, send_snapshot, caught_up = slow.frames
        assert send_snapshot["quotes"]["VALE3"]["price"] == "61.00"
        assert send_snapshot["seq"] == 2  # the last number sent without a gap
        assert caught_up == {"type": "update", "seq": 3, "quotes": {"PETR4": {"price": "38.44"}}}


async def test_slow_client_gets_a_snapshot_of_a_new_epoch_and_then_changes(board):
    await board.put(make_quote())
    async with running() as hub:
        for price in ("38.43", "38.44", "38.45"):
            await board.put(make_quote(price=price))
        await until(lambda: hub.prices.seq == 4)
        slow = Client(hub, "PETR4")
        slow.send_snapshot("PETR4")
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


async def test_first_changes_in_a_new_epoch_reach_a_slow_client(board):
    """Its number from the old epoch was higher, and must not be used in the new one."""
    await board.put(make_quote(), make_quote("VALE3"))
    for price in ("38.43", "38.44", "38.45"):
        await board.put(make_quote(price=price))
    async with running() as hub:
        slow = Client(hub, "PETR4", "VALE3")
        slow.send_snapshot("PETR4", "VALE3")
        board.lose()
        board.refill(make_quote(price="40.00"), make_quote("VALE3"))
        await hub.resync()
        slow.pipe.stop()
        hub.broadcaster.send_snapshots()  # the write that blocks
        await hub.apply_batch(recorded(1, board.epoch, PETR4={"price": "40.01"}))

        await slow.pipe.resume()

        assert slow.frames[-1] == {
            "type": "update",
            "seq": 1,
            "quotes": {"PETR4": {"price": "40.01"}},
        }


async def test_client_that_stops_reading_gets_two_frames(board):
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


def pulse(*, due_in_s=10.0, worker=True, status=True, given=()):
    next_due_at = NOON + timedelta(seconds=due_in_s)
    batch = FeedStatus(batch_at=NOON, next_due_at=next_due_at) if status else None
    return Pulse("e", 1, batch, worker, frozenset(given))


@pytest.mark.parametrize(
    ("last_pulse", "silence_s", "expected"),
    [
        (None, 0, "down"),
        (pulse(), 0, "live"),
        (pulse(), SILENCE_S, "live"),
        (pulse(), SILENCE_S + 0.1, "down"),
        (pulse(worker=False), 0, "down"),
        (pulse(worker=False, due_in_s=-10), 0, "down"),
        (pulse(worker=False, given=["PETR4"]), 0, "live"),
        (pulse(worker=False, given=["PETR4"]), SILENCE_S + 0.1, "down"),
        (pulse(status=False), 0, "late"),
        (pulse(due_in_s=-OVERDUE.total_seconds()), 0, "live"),
        (pulse(due_in_s=-OVERDUE.total_seconds() - 0.01), 0, "late"),
    ],
)
def test_feed_depends_on_the_last_pulse_and_the_time(last_pulse, silence_s, expected):
    watch = FeedWatch()
    if last_pulse:
        watch.note_pulse(last_pulse, 100.0)

    assert watch.state(now=100.0 + silence_s, at=NOON) == expected


async def test_socket_does_not_wait_for_an_unavailable_redis(settings):
    point_at(settings, "unix:///nowhere/redis.sock")
    started = time.monotonic()
    async with running() as hub:
        assert time.monotonic() - started < 1.5
        client = Client(hub, "PETR4")
        client.send_snapshot("PETR4")

    (frame,) = client.frames
    assert (frame["feed"], frame["epoch"], frame["seq"]) == ("down", None, 0)
    assert frame["pending"] == ["PETR4"]


def test_socket_waits_for_redis_for_one_and_a_half_seconds_at_most():
    assert READY_S == 1.5


async def test_socket_does_not_wait_for_a_hung_redis(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(market_hub, "READY_S", SHORT_S)
    monkeypatch.setattr(market_hub, "async_client", partial(async_client, timeout_s=SHORT_S))
    path = tmp_path / "hung.sock"
    hung = await asyncio.start_unix_server(hang, path)
    point_at(settings, f"unix://{path}")
    started = time.monotonic()
    async with running() as hub:
        assert time.monotonic() - started < SHORT_S + 0.5
        client = Client(hub, "PETR4")
        client.send_snapshot("PETR4")
    hung.close()

    assert client.frames[0]["feed"] == "down"


async def hang(reader, writer):
    await reader.read()
    writer.close()


def fill_board(own_redis, quote):
    """Fill the board like a running worker whose next batch is due in a minute."""
    board = Board(kind="simulated", redis_client=own_redis.client())
    board.restore([quote])
    board.renew_worker_lease()
    in_a_minute = datetime.now(UTC) + timedelta(seconds=60)
    board.put([], FeedStatus(batch_at=NOON, next_due_at=in_a_minute))
    return board


async def test_hub_recovers_after_a_killed_redis(settings, tmp_path, quick_hub, monkeypatch):
    monkeypatch.setattr(feed, "SILENCE_S", SILENCE_S / SPEED)
    monkeypatch.setattr(redis_layer, "RETRY_S", redis_layer.RETRY_S / SPEED)
    own_redis = OwnRedis(tmp_path)
    await own_redis.start()
    point_at(settings, own_redis.url)
    fill_board(own_redis, make_quote())
    async with running() as hub:
        client = Client(hub, "PETR4")
        client.send_snapshot("PETR4")
        assert client.frames[0]["feed"] == "live"

        await own_redis.kill()
        await until(lambda: '"feed":"down"' in client.pipe.sent[-1], 3)

        await own_redis.start()
        board = fill_board(own_redis, make_quote(price="40.00"))
        await until(lambda: len(client.frames) == 2, 2)
        assert client.frames[1]["quotes"]["PETR4"]["price"] == "40.00"
        await until(lambda: '"feed":"live"' in client.pipe.sent[-1], 2)
        await wait_for_rejoin(own_redis, hub)

        placed = board.put([make_quote(price="40.01")], None)
        message = recorded(placed.seq, placed.epoch, PETR4={"price": "40.01"})
        publish([GroupMessage(STOCK_TRACK, message)])
        await until(lambda: len(client.frames) == 3, 1)
        assert client.frames[2]["quotes"] == {"PETR4": {"price": "40.01"}}
    await own_redis.kill()


async def wait_for_rejoin(own_redis, hub):
    """Wait until Redis has the hub's lease and its membership of the group."""
    await until(lambda: own_redis.client().smembers(key("watch", hub.lease._name)) == {b"PETR4"}, 2)
    await until(lambda: own_redis.subscribers(STOCK_TRACK) == 1, 3)


def test_feed_is_down_soon_after_the_last_pulse():
    assert SILENCE_S + market_hub.TICK_S < 2


# The hub's tasks -----------------------------------------------------------------------------


async def test_process_joins_each_group_once(board):
    async with running() as hub:
        for _ in range(5):
            Client(hub, "PETR4")
        layer = get_channel_layer()._get_layer()
        assert {name: len(channels) for name, channels in layer.groups.items()} == {
            layer._get_group_channel_name(group): 1 for group in hub.groups
        }


async def test_hung_or_failed_request_does_not_delay_the_lease(board, caplog, quick_hub):
    requests, released = [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def request(symbols):
        requests.append(symbols)
        if len(requests) == 1:
            asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
            raise LookupError("cannot ask")

    async with running(request) as hub:
        Client(hub, "PETR4")
        await until(lambda: requests == [["PETR4"]])
        Client(hub, "VALE3")
        await until(lambda: not hub.lease.is_dirty)
        assert hub.subscribers.wanted.counts.keys() == {"PETR4", "VALE3"}
        released.set()
        await until(lambda: requests == [["PETR4"], ["VALE3"]])
    assert caplog.records[0].getMessage() == "QuoteFanout.maintain_lease failed and starts again"


async def test_stop_ends_every_task_and_drops_the_lease(board):
    before = asyncio.all_tasks()
    async with running() as hub:
        Client(hub, "PETR4")
        lease = key("watch", hub.lease._name)
        await until(lambda: not hub.lease.is_dirty)
    await get_channel_layer().flush()
    await settle()

    assert asyncio.all_tasks() == before
    assert not redis_client().exists(lease)


async def test_empty_rooms_are_removed(board):
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


async def test_symbol_without_a_fresh_quote_is_requested_once_for_all_sockets(board):
    now = datetime.now(UTC)
    await board.put(make_quote("VALE3", quoted_at=now), make_quote("ITUB4"))
    requests = []
    async with running(requests.append) as hub:
        hub.requests.started_at -= NEW_S
        first, second = Client(hub, "PETR4", "VALE3", "ITUB4"), Client(hub, "PETR4")
        await until(lambda: requests)
        assert requests == [["ITUB4", "PETR4"]]
        hub.subscribers.leave(first.socket)
        assert hub.subscribers.wanted.counts == {"PETR4": 1}
        hub.subscribers.leave(second.socket)
        assert hub.subscribers.wanted.counts == {}


def test_requests_wait_until_prices_are_newer_than_the_restart():
    """Prices have a resolution of one second."""
    assert SETTLED_S > 1


async def test_new_process_requests_even_fresh_symbols(board, quick_hub, monkeypatch):
    monkeypatch.setattr(wanted_module, "SETTLED_S", 0.2)
    await board.put(make_quote(quoted_at=datetime.now(UTC)))
    requests = []
    async with running(requests.append) as hub:
        Client(hub, "PETR4", "VALE3")
        await until(lambda: requests == [["VALE3"], ["PETR4"]], 4)


# Parts ---------------------------------------------------------------------------------------


class NoLease:
    def __init__(self):
        self.noted = []

    def note(self, symbol):
        self.noted.append(symbol)


@pytest.fixture
def wanted():
    return Wanted(NoLease(), is_fresh=lambda symbol: symbol == "FRESH3")


def test_first_and_last_subscriber_change_the_lease(wanted):
    wanted.add(["PETR4", "VALE3"])
    wanted.add(["PETR4"])
    wanted.discard(["PETR4"])
    assert wanted._lease.noted == ["PETR4", "VALE3"]

    wanted.discard(["PETR4"])

    assert wanted._lease.noted == ["PETR4", "VALE3", "PETR4"]
    assert wanted.counts == {"VALE3": 1}


def test_missing_symbol_is_requested_with_increasing_pauses(wanted):
    wanted.add(["PETR4", "FRESH3"])
    requested_at = [
        now
        for now in range(300)
        if wanted.pop_requests(now=float(now), missing=lambda symbol: True)
    ]

    gaps = [after - before for before, after in pairwise(requested_at)]
    assert (requested_at[0], gaps[:4]) == (0, [FIRST_RETRY_S, 6, 12, 24])
    assert max(gaps) == LAST_RETRY_S


def test_received_and_unwanted_symbols_are_not_requested_again(wanted):
    wanted.add(["PETR4", "VALE3"])
    wanted.pop_requests(now=0.0, missing=lambda symbol: True)
    wanted.discard(["VALE3"])

    assert wanted.pop_requests(now=9.0, missing=lambda symbol: True) == ["PETR4"]
    assert wanted.pop_requests(now=99.0, missing=lambda symbol: False) == []
    assert wanted.pop_requests(now=999.0, missing=lambda symbol: True) == []
    assert wanted._retries == {}


def test_prices_store_the_last_change_of_each_field():
    prices = Prices()
    prices.apply({"PETR4": FULL, "VALE3": FULL}, 0)
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
    assert json.loads(prices.whole(["PETR4", "VALE3"], 2)) == {"VALE3": FULL | {"price": "9.00"}}
    assert prices.pending(["VALE3", "XXXX3", "ITUB4"]) == ["ITUB4", "XXXX3"]


def test_reloaded_page_requests_an_old_quote_once(wanted):
    requests = []
    for now in (0.0, 10.0, 29.0, 30.0):
        wanted.add(["PETR4"])
        requests.append(wanted.pop_requests(now=now, missing=lambda symbol: False))
        wanted.discard(["PETR4"])

    assert requests == [["PETR4"], [], [], ["PETR4"]]
