"""Pushed quotes with real processes: one streamer at a time, and the faults of its sources."""

import json
import signal
import sqlite3
import time
from contextlib import closing

import psutil
import pytest
import redis
from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.faults import streams
from benchmarks.rig.processes import Rig
from project.instance import Instance
from tests.instances import get, instance, redis_key, wait_for
from tests.stub_streamer import streamer_in_thread

pytestmark = pytest.mark.usefixtures("prepared_rig")

TAKEOVER_S, BATCH_S = 5.0, 0.25
WATCHERS = redis_key("watchers")


class Streamers:
    """Processes of `stream_quotes` on one database, and the stub that they connect to.

    The prices tell the connection on which they came: 40 on the first, 41 on the second.
    """

    def __init__(self, rig, stub):
        self.rig, self.stub = rig, stub
        stub.period_s = 0.1
        stub.price_of = lambda client, _name, number: 40 + client.number + number % 9 / 100
        self.redis = redis.Redis(unix_socket_path=str(rig.redis_path))
        self.path = rig.folder / "pregao.sqlite3"

    def start(self):
        return psutil.Process(self.rig.python("manage.py", "stream_quotes").pid)

    def watch(self, *symbols):
        """Lease the symbols, as a web process does for its sockets."""
        self.redis.zadd(WATCHERS, {"test": self.redis.time()[0]})
        self.redis.sadd(redis_key("watch", "test"), *symbols)

    def price(self):
        query = (
            "SELECT price FROM market_lastquote JOIN market_stock ON market_stock.id = stock_id"
            " WHERE symbol = 'PETR4' AND market_lastquote.kind = 'real'"
        )
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)) as base:
            row = base.execute(query).fetchone()
        return row and row[0]

    def shows(self, number):
        price = self.price()
        return price is not None and int(price) == 40 + number

    def pause_in_a_batch(self, process):
        """Pause a process that waits for SQLite's lock, to write when it wakes.

        Its prices are of the next minute, so that only the fence can stop them.
        """
        self.stub.lag_s = lambda client: -60 if client.number == 0 else 0
        with closing(sqlite3.connect(self.path, isolation_level=None)) as base:
            base.execute("BEGIN IMMEDIATE")
            sent_at = time.monotonic()
            wait_for(lambda: time.monotonic() > sent_at + 2 * BATCH_S, 5, "a batch that waits")
            process.suspend()
            wait_for(lambda: process.status() == psutil.STATUS_STOPPED, 5, "a pause")
            base.execute("ROLLBACK")


@pytest.fixture
def streamers():
    with (
        streamer_in_thread() as stub,
        Rig(QUOTE_SOURCE="yahoo", QUOTE_STREAM="yahoo", YAHOO_STREAM_URL=stub.url) as rig,
        rig.on_failure_show_log(),
    ):
        rig.start_redis()
        rig.prepare()
        made = Streamers(rig, stub)
        made.watch("PETR4")
        yield made
        made.redis.close()


def test_second_streamer_takes_over_and_a_paused_one_that_wakes_writes_nothing(streamers):
    stub = streamers.stub
    first = streamers.start()
    wait_for(lambda: streamers.shows(0), 30, "a price of the first streamer")
    second = streamers.start()
    wait_for(lambda: second.num_threads() > 1, 30, "a second streamer that waits for the lease")
    assert len(stub.clients) == 1

    streamers.pause_in_a_batch(first)
    wait_for(lambda: streamers.shows(1), TAKEOVER_S, "a price of the second streamer")

    first.resume()
    seen = set()

    def first_has_left():
        seen.add(int(streamers.price()))
        return stub.clients[0].ended_at is not None

    wait_for(first_has_left, 10, "the first connection's end")
    wait_for(lambda: not streamers.shows(0), 1, "prices of the second streamer")
    assert seen == {41}
    assert len(stub.clients) == 2

    second.kill()
    wait_for(lambda: streamers.shows(2), TAKEOVER_S, "a price of the first streamer again")

    first.terminate()
    assert first.wait(5) == 0
    assert streamers.redis.get(redis_key("stream")) is None


def test_faults_of_a_source_leave_honest_prices():
    assert streams.run(names=["garbage", "out_of_order", "refused"], fault_s=2.0).missed == 0


def test_stream_quotes_without_a_stream_waits(streamers):
    process = streamers.rig.python("manage.py", "stream_quotes", environment={"QUOTE_STREAM": ""})
    wait_for(
        lambda: b"nothing to stream" in (streamers.rig.folder / "log").read_bytes(), 30, "a note"
    )
    process.send_signal(signal.SIGTERM)

    assert process.wait(5) == 0


def test_make_run_starts_the_process_where_a_stream_is_set(data_dir):
    with instance(data_dir, QUOTE_STREAM="simulated", UPDATE_INTERVAL_S="2") as site:
        assert site.child("pregao: stream")
        address = site.url.replace("http", "ws", 1) + "/ws/stock/track/?stockpicker=PETR4"
        with connect(address, origin=Origin(site.url)) as tracker:
            # Batches come every 2 s: prices a second apart are pushed.
            times = []
            while len(times) < 4:
                frame = json.loads(tracker.recv(timeout=10))
                if quote := frame.get("quotes", {}).get("PETR4"):
                    times.append(quote["quoted_at"])
            assert times == sorted(set(times))
        assert "Entregues ao vivo" in get(f"{site.url}/sources/")[1]


def test_real_streams_are_not_used_when_auto_finds_no_real_source(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("QUOTE_STREAM", "yahoo")
    monkeypatch.setenv("QUOTE_SOURCE", "auto")
    opened = Instance.open()

    assert opened.environment(QUOTE_SOURCE="simulated")["QUOTE_STREAM"] == ""
    assert opened.environment(QUOTE_SOURCE="brapi")["QUOTE_STREAM"] == "yahoo"
