"""Tests of the symbols that streams give, which are not polled."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest

from mainapp.core.redis import client as redis_client
from mainapp.market import tasks
from mainapp.market.board import STREAMER
from mainapp.market.services import updating
from mainapp.market.services.streaming import given_symbols
from mainapp.market.services.streaming.given_symbols import GivenSymbols
from mainapp.market.services.updating import update_watched
from mainapp.market.streams.base import StreamState
from mainapp.market.streams.redis_state import (
    GIVEN_MS,
    read_streaming,
    symbols_to_poll,
    write_streaming,
)
from mainapp.market.streams.rhythm import SHORTEST_S
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.market.tests.quotes import make_quote

HOLDER = "holder"
LIVE = [StreamState("simulated", status="live")]


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that moves by `clock.s += …`."""

    class Clock:
        s = 1000.0

    monkeypatch.setattr(given_symbols, "monotonic", lambda: Clock.s)
    monkeypatch.setattr(given_symbols, "time_ns", lambda: int(Clock.s * 1e9))
    return Clock


def push(given, clock, count, symbol="PETR4", **fields):
    for number in range(count):
        clock.s += 1
        at = NOON + timedelta(seconds=clock.s + number)
        fields.setdefault("previous_close", Decimal("38.00"))
        given.note_newer([make_quote(symbol, quoted_at=at, **fields)])


def poll(given, clock, symbol="PETR4"):
    clock.s += 0.5
    given.note_polls({symbol: int(clock.s * 1e9)})
    clock.s += 0.1


def test_symbol_is_given_once_a_poll_has_not_stopped_it_from_being_newer(clock):
    given = GivenSymbols()
    push(given, clock, 5)
    assert given.remaining_ms(LIVE) == {}
    assert given.symbols_to_compare() == ["PETR4"]

    poll(given, clock)
    assert given.remaining_ms(LIVE) == {}

    push(given, clock, 1)
    assert given.remaining_ms(LIVE) == {"PETR4": pytest.approx(3 * 1600, abs=1)}
    assert given.symbols_to_compare() == []


def test_poll_before_the_run_does_not_count(clock):
    given, before = GivenSymbols(), int(clock.s * 1e9)
    push(given, clock, 3)
    given.note_polls({"PETR4": before})
    push(given, clock, 1)

    assert given.remaining_ms(LIVE) == {}


def test_symbol_without_a_previous_close_is_polled(clock):
    given = GivenSymbols()
    push(given, clock, 3, previous_close=None)
    poll(given, clock)
    push(given, clock, 1, previous_close=None)

    assert given.remaining_ms(LIVE) == {}


def given_symbol(clock):
    given = GivenSymbols()
    push(given, clock, 3)
    poll(given, clock)
    push(given, clock, 1)
    assert given.remaining_ms(LIVE)
    return given


def test_given_symbol_that_loses_its_previous_close_at_midnight_is_polled_until_it_has_one(clock):
    given = given_symbol(clock)
    push(given, clock, 1, previous_close=None)
    assert given.remaining_ms(LIVE) == {}

    poll(given, clock)
    push(given, clock, 1)
    assert given.remaining_ms(LIVE)


def test_silent_symbol_is_no_longer_given_and_is_compared_again(clock):
    given = given_symbol(clock)
    clock.s += SHORTEST_S + 2

    assert given.remaining_ms(LIVE) == {}
    push(given, clock, 1)
    assert given.remaining_ms(LIVE) == {}
    assert given.symbols_to_compare() == ["PETR4"]


@pytest.mark.parametrize("status", ["waiting", "silent", "idle"])
def test_symbols_of_a_lost_stream_are_not_given(clock, status):
    assert given_symbol(clock).remaining_ms([StreamState("simulated", status=status)]) == {}


def test_symbol_that_is_no_longer_wanted_is_forgotten(clock):
    given = given_symbol(clock)
    given.forget_unwanted(["VALE3"])

    assert given.remaining_ms(LIVE) == {}
    assert given.counts() == {}


# In Redis ------------------------------------------------------------------------------------


@pytest.fixture
def streamer():
    redis_client().flushall()
    redis_client().set(STREAMER.key, HOLDER, px=2000)


def write(given_ms, holder=HOLDER):
    return write_streaming(holder=holder, given_ms=given_ms, states=LIVE)


def test_given_symbols_are_read_until_they_are_silent(streamer):
    assert write({"PETR4": 5000, "VALE3": 20})
    assert symbols_to_poll(["PETR4", "ITUB4"]) == {"ITUB4"}

    time.sleep(0.03)
    assert read_streaming().symbols == {"PETR4"}
    assert read_streaming().states == tuple(LIVE)


def test_nothing_is_given_after_the_end_of_the_lease(streamer):
    write({"PETR4": 50_000})
    redis_client().delete(STREAMER.key)

    assert symbols_to_poll(["PETR4"]) == {"PETR4"}
    assert read_streaming().states == ()


def test_paused_streamer_does_not_write_its_state(streamer):
    assert not write({"PETR4": 5000}, holder="an earlier one")
    assert read_streaming().symbols == frozenset()


def test_time_that_is_too_far_ahead_is_not_believed(streamer):
    write({"PETR4": GIVEN_MS * 100})

    assert symbols_to_poll(["PETR4"]) == {"PETR4"}


@pytest.mark.django_db
def test_batch_does_not_poll_given_symbols_and_keeps_the_feed_live(streamer, monkeypatch):
    for symbol in ("PETR4", "VALE3"):
        StockFactory(symbol=symbol)
    monkeypatch.setattr(updating.watch, "watched_symbols", lambda _client: {"PETR4", "VALE3"})
    updating.restore_board()

    write({"PETR4": 5000})
    assert update_watched(at=updating.datetime.now(updating.UTC))
    assert updating.quote_board().placed(["PETR4", "VALE3"]) == {"VALE3"}

    write({"PETR4": 5000, "VALE3": 5000})
    assert update_watched(at=updating.datetime.now(updating.UTC), at_once=True)
    status = updating.quote_board().status()
    assert status.late == ()
    assert updating.quote_board().placed(["PETR4"]) == set()

    write({})
    update_watched(at=updating.datetime.now(updating.UTC), at_once=True)
    assert updating.quote_board().placed(["PETR4"]) == {"PETR4"}


def test_open_page_requests_only_symbols_that_no_stream_gives(streamer, monkeypatch):
    requests = []
    monkeypatch.setattr(tasks.update_stock, "apply_async", lambda args, **_: requests.append(args))
    write({"PETR4": 5000})

    tasks.request_quotes(["PETR4", "VALE3"])
    tasks.request_quotes(["PETR4"])

    assert requests == [(["VALE3"],)]
