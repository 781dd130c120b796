"""Tests of connections, against a stub server on the loopback, with short periods."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from mainapp.core.tests.pipes import until
from mainapp.market.streams.base import WantedSymbols
from mainapp.market.streams.binance import BinanceWire
from mainapp.market.streams.connection import Periods
from mainapp.market.streams.websocket import WebSocketStream
from mainapp.market.streams.yahoo import YahooWire
from tests.stub_streamer import StubStreamer

SHORT = Periods(
    first_pause_s=0.01,
    longest_pause_s=0.05,
    steady_s=0.02,
    open_s=1.0,
    close_s=0.02,
    repeat_s=0.05,
    first_price_s=0.1,
    shortest_silence_s=0.06,
    longest_silence_s=0.1,
)


class Running:
    """A stream, its stub, and the ticks that it delivered."""

    def __init__(self, stub, stream, wanted):
        self.stub, self.stream, self.wanted = stub, stream, wanted
        self.ticks = []

    async def more_ticks(self, count=1):
        so_far = len(self.ticks)
        await until(lambda: len(self.ticks) >= so_far + count)


@asynccontextmanager
async def streaming(wire=None, *, symbols=("PETR4",), periods=SHORT, fault=""):
    wire = wire or YahooWire()
    stub = StubStreamer(wire.name)
    stub.period_s, stub.fault = 0.005, fault
    async with stub.running():
        stream = WebSocketStream(wire, url=stub.url, periods=periods)
        running = Running(stub, stream, WantedSymbols(symbols))
        task = asyncio.create_task(stream.run(running.wanted, running.ticks.append))
        try:
            yield running
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_ticks_of_the_wanted_symbols_are_delivered():
    async with streaming(symbols=["PETR4", "PETR4F", "IBOV"]) as running:
        await running.more_ticks(3)

        assert {tick.symbol for tick in running.ticks} == {"PETR4", "PETR4F", "IBOV"}
        assert running.stream.state.status == "live"


async def test_without_wanted_symbols_there_is_no_connection():
    async with streaming(symbols=[]) as running:
        await asyncio.sleep(0.02)
        assert (running.stub.attempts, running.stream.state.status) == ([], "idle")

        running.wanted.set(["PETR4"])
        await running.more_ticks()


@pytest.mark.parametrize("wire", [YahooWire(), BinanceWire()])
async def test_subscriptions_follow_the_wanted_symbols(wire):
    first, second = ("PETR4", "VALE3") if wire.name == "yahoo" else ("BTCBRL", "ETHBRL")
    async with streaming(wire, symbols=[first]) as running:
        await running.more_ticks()
        running.wanted.set([second])
        await until(lambda: running.stub.clients[0].names == {wire.source_symbol(second)})
        await running.more_ticks(3)

        assert running.ticks[-1].symbol == second


async def test_yahoo_is_asked_again_for_all_symbols():
    async with streaming() as running:
        await running.more_ticks()
        await until(lambda: len(running.stub.clients[0].received) >= 3)

        requests = {raw for _at, raw in running.stub.clients[0].received}
        assert requests == {'{"subscribe": ["PETR4.SA"]}'}


async def test_binance_is_asked_again_only_for_what_it_has_not_confirmed():
    async with streaming(BinanceWire(), symbols=["BTCBRL"]) as running:
        running.stub.prices["BTCBRL"] = 540_000.0
        await running.more_ticks()
        await asyncio.sleep(0.12)  # two repetitions
        assert running.stub.clients[0].received == []

        running.wanted.set(["BTCBRL", "ETHBRL"])
        await running.more_ticks(4)
        await asyncio.sleep(0.12)
        ((_at, request),) = running.stub.clients[0].received
        assert json.loads(request)["params"] == ["ethbrl@miniTicker"]


async def test_new_connection_subscribes_to_all_symbols():
    async with streaming(symbols=["PETR4", "VALE3"], fault="ended") as running:
        await until(lambda: len(running.stub.clients) >= 3)

        assert all(client.names == {"PETR4.SA", "VALE3.SA"} for client in running.stub.clients[1:2])


@pytest.mark.parametrize("fault", ["silence", "half_open"])
async def test_connection_without_prices_is_replaced(fault):
    async with streaming() as running:
        await running.more_ticks()
        running.stub.fault = fault
        await until(lambda: running.stream.state.last_error == "no price for too long")
        running.stub.fault = ""
        await until(lambda: len(running.stub.clients) >= 2)
        await running.more_ticks()

        assert running.stream.state.last_fault == "timeout"


async def test_connection_that_never_gives_a_price_is_replaced():
    async with streaming(fault="silence") as running:
        await until(lambda: len(running.stub.clients) >= 2)

        assert running.ticks == []


async def test_garbage_is_counted_and_does_not_end_the_connection():
    async with streaming(fault="garbage") as running:
        await running.more_ticks(4)

        assert running.stream.state.malformed >= 6
        assert len(running.stub.clients) == 1


async def test_prices_of_symbols_that_were_not_requested_are_dropped_and_counted():
    async with streaming(fault="wrong_symbol") as running:
        await running.more_ticks(3)

        assert {tick.symbol for tick in running.ticks} == {"PETR4"}
        assert running.stream.state.unwanted >= 2


async def test_refused_connections_are_repeated_with_growing_pauses():
    periods = Periods(first_pause_s=0.01, longest_pause_s=0.08)
    async with streaming(fault="refused", periods=periods) as running:
        await until(lambda: len(running.stub.attempts) >= 5)

        gaps = [
            b - a for a, b in zip(running.stub.attempts, running.stub.attempts[1:], strict=False)
        ]
        assert gaps[3] >= 0.04  # half of 0.01 * 2**3
        assert running.stream.state.last_fault == "unauthorized"
        await until(lambda: running.stream.state.status == "waiting")


async def test_pause_that_the_source_requests_is_respected():
    async with streaming() as running:
        await running.more_ticks()
        running.stub.retry_after, running.stub.fault = "1", "refused"
        await until(lambda: running.stream.state.last_fault == "rate_limited")
        attempts = len(running.stub.attempts)
        await asyncio.sleep(0.15)  # twice the longest pause of its own

        assert len(running.stub.attempts) == attempts


async def test_connection_that_will_end_is_closed_after_the_first_price_on_the_next():
    async with streaming(BinanceWire(), symbols=["BTCBRL"]) as running:
        await running.more_ticks()
        running.stub.fault = "shutdown"
        await until(lambda: running.stub.clients and running.stub.clients[0].ended_at)
        old, new = running.stub.clients[:2]

        assert new.opened_at < old.ended_at
        assert running.stream.state.last_error == ""
        assert len(running.stub.clients) == 2


async def test_connection_is_replaced_before_the_source_ends_it():
    wire = BinanceWire()
    wire.lifetime_s = 0.05
    async with streaming(wire, symbols=["BTCBRL"]) as running:
        await until(lambda: len(running.stub.clients) >= 2 and running.stub.clients[0].ended_at)

        old, new = running.stub.clients[:2]
        assert new.opened_at < old.ended_at


async def test_a_source_that_announces_its_end_at_once_causes_no_storm():
    class Ending(YahooWire):
        def parse(self, raw):
            return replace(super().parse(raw), is_ending=True)

    periods = Periods(first_pause_s=0.02, longest_pause_s=10.0)
    async with streaming(Ending(), periods=periods) as running:
        started_at = time.monotonic()
        await until(lambda: len(running.stub.attempts) >= 4)

        assert time.monotonic() - started_at >= 0.02 / 2 * (1 + 2 + 4)


async def test_at_most_four_messages_a_second_are_sent():
    async with streaming() as running:
        await running.more_ticks()
        for number in range(9):
            running.wanted.set([f"XAA{'ABCDEFGHI'[number]}3"])
            await asyncio.sleep(0.01)

        times = [at for at, _raw in running.stub.clients[0].received]
        assert len(times) <= 4
