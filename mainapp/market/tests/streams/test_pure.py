"""Tests of pending ticks, rhythms, pauses, and the completion of quotes."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from mainapp.market.quotes.completion import completed
from mainapp.market.streams.backoff import Backoff, RollingLimit
from mainapp.market.streams.base import Tick
from mainapp.market.streams.pending import PendingTicks
from mainapp.market.streams.rhythm import LONGEST_S, SHORTEST_S, Rhythms
from mainapp.market.tests.factories import NOON
from mainapp.market.tests.quotes import make_quote

NOW_MS = int(time.time() * 1000)


def tick(symbol="PETR4", at_ms=NOW_MS):
    return Tick(symbol, at_ms, make_quote)


async def test_only_the_newest_tick_of_each_symbol_is_pending():
    pending = PendingTicks()
    newest = tick(at_ms=NOW_MS + 5)
    for each in [tick(at_ms=NOW_MS), newest, tick(at_ms=NOW_MS + 4), tick("VALE3")]:
        pending.put("yahoo", each)

    taken = await pending.pop_all()

    assert [(each.symbol, each.at_ms) for each in taken] == [
        ("PETR4", NOW_MS + 5),
        ("VALE3", NOW_MS),
    ]
    assert len(pending) == 0


async def test_tick_of_the_future_does_not_displace_a_good_one():
    pending = PendingTicks()
    pending.put("yahoo", tick(at_ms=NOW_MS + 3_600_000))
    pending.put("yahoo", tick())

    assert {each.at_ms for each in await pending.pop_all()} == {NOW_MS, NOW_MS + 3_600_000}


async def test_pending_ticks_are_bounded_by_the_number_of_symbols():
    pending = PendingTicks()
    for number in range(10_000):
        pending.put("yahoo", tick(at_ms=NOW_MS + number))

    assert len(pending) == 1


def test_symbol_is_silent_after_three_of_its_usual_pauses():
    rhythms = Rhythms()
    for now in (0.0, 5.0, 10.0):
        assert rhythms.silent_at("PETR4") == 0.0
        rhythms.note("PETR4", now)

    assert rhythms.silent_at("PETR4") == 10.0 + 3 * 5.0


def test_fast_symbol_may_pause_for_a_while():
    rhythms = Rhythms()
    for now in range(10):
        rhythms.note("PETR4", now / 10)

    assert rhythms.silent_at("PETR4") == pytest.approx(0.9 + SHORTEST_S)


def test_slow_symbol_is_always_silent_and_recovers_when_it_is_traded_more():
    rhythms = Rhythms()
    for now in (0.0, 100.0, 200.0):
        rhythms.note("XAAA3", now)
    assert rhythms.silent_at("XAAA3") == 0.0

    for second in range(8):
        rhythms.note("XAAA3", 201.0 + second)
    assert rhythms.silent_at("XAAA3") == 208.0 + SHORTEST_S


def test_symbol_may_pause_as_long_as_its_own_rhythm_but_no_longer():
    rhythms = Rhythms()
    for now in range(5):
        rhythms.note("PETR4", now * LONGEST_S / 3)

    assert rhythms.silent_at("PETR4") == pytest.approx(4 * LONGEST_S / 3 + LONGEST_S)


def test_outage_is_no_usual_pause():
    rhythms = Rhythms()
    for now in (0.0, 1.0, 2.0, 3.0, 20.0, 21.0, 22.0):
        rhythms.note("PETR4", now)

    assert rhythms.silent_at("PETR4") == 22.0 + 3 * 1.0


def test_pauses_grow_to_a_limit_and_are_random():
    pauses = {failures: set() for failures in range(8)}
    for _ in range(20):
        backoff = Backoff(first_s=1.0, longest_s=60.0)
        for failures, drawn in pauses.items():
            drawn.add(backoff.pause_s())
            assert min(2**failures, 60) / 2 <= max(drawn) <= min(2**failures, 60)
    assert all(len(drawn) > 1 for drawn in pauses.values())


def test_pause_is_at_least_the_requested_one_and_ends():
    backoff = Backoff(first_s=1.0, longest_s=60.0)

    assert backoff.pause_s(retry_after=120.0) == 120.0
    assert backoff.pause_s(retry_after=1e9) == 3600.0


async def test_rolling_limit_allows_no_more_in_any_period():
    limit, passes = RollingLimit(4, period_s=0.02), []
    for number in range(10):
        await limit.wait()
        passes.append(time.monotonic())
        await asyncio.sleep(0.001 * (number % 3))

    assert all(b - a >= 0.02 for a, b in zip(passes, passes[4:], strict=False))


def test_pushed_quote_gets_the_missing_fields_of_the_day():
    last = make_quote(
        price="38.00", previous_close=Decimal("37.50"), open=Decimal("37.60"), low=Decimal("37.40"),
        high=Decimal("38.10"), volume=100, market_cap=Decimal(5), year_low=Decimal("30.00"),
        year_high=Decimal("38.20"),
    )  # fmt: skip
    pushed = make_quote(price="38.42", quoted_at=NOON + timedelta(minutes=1))

    assert completed(pushed, last) == replace(
        last,
        price=Decimal("38.42"),
        quoted_at=pushed.quoted_at,
        high=Decimal("38.42"),
        year_high=Decimal("38.42"),
    )


def test_own_fields_of_a_pushed_quote_stay():
    last = make_quote(previous_close=Decimal("37.50"), volume=100)
    pushed = make_quote(previous_close=Decimal("37.55"), volume=120)

    assert completed(pushed, last) == pushed


def test_fields_of_another_day_are_not_taken():
    last = make_quote(previous_close=Decimal("37.50"), high=Decimal("39.00"), volume=100)
    pushed = make_quote(quoted_at=NOON + timedelta(days=1))

    assert completed(pushed, last) == pushed
    assert completed(pushed, None) == pushed
