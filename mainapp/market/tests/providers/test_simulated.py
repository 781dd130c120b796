"""Tests of the simulated market: reproducible, plausible, consistent with its history."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import correlation, mean, stdev
from time import process_time

import pytest
from django.conf import settings

from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.sessions import is_session_day, sao_paulo_day

AT = datetime(2026, 3, 11, 17, 42, 13, tzinfo=UTC)  # a Wednesday, 14:42:13 in São Paulo
SATURDAY = datetime(2026, 3, 14, 12, 0, 30, tzinfo=UTC)


class Clock:
    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def market(at=AT, **options):
    return SimulatedProvider(now=Clock(at), **options)


def quote(symbol="PETR4", at=AT, **options):
    return market(at, **options).quotes([symbol])[symbol]


def test_quote_is_the_same_in_another_process():
    script = (
        "import json, datetime\n"
        "from mainapp.market.providers.simulated import SimulatedProvider as P\n"
        f"at=datetime.datetime.fromisoformat('{AT.isoformat()}')\n"
        "print(json.dumps(P(seed=7,now=lambda:at).quotes(['PETR4'])['PETR4'].to_wire()))"
    )
    other = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        cwd=settings.BASE_DIR,
        text=True,
    )

    assert json.loads(other.stdout) == quote(seed=7).to_wire()


def test_quote_does_not_depend_on_earlier_requests():
    source = market(AT - timedelta(hours=30))
    for hours in (30, 9, 2, 0):
        source._now.at = AT - timedelta(hours=hours, seconds=11)
        source.quotes(["PETR4", "IBOV"])
    source._now.at = AT

    assert source.quotes(["PETR4"]) == market().quotes(["PETR4"])


def test_different_seeds_give_different_prices():
    assert quote(seed=1).price != quote(seed=2).price


def test_price_changes_every_second():
    symbols = [f"{root}{n}" for root in ("PETR", "VALE", "ITUB", "WEGE", "BBAS") for n in (3, 4)]
    source = market()
    prices = []
    for second in range(4):
        source._now.at = AT + timedelta(seconds=second, milliseconds=700)
        quotes = source.quotes(symbols)
        prices.append(quotes)
        assert {q.quoted_at for q in quotes.values()} == {AT + timedelta(seconds=second)}
    moved = [s for s in symbols if len({quotes[s].price for quotes in prices}) > 1]

    assert len(moved) >= 9


def test_every_stock_moves_within_each_minute():
    source = market(AT, data=settings.BASE_DIR / "data")
    symbols = [listing.symbol for listing in source.tickers()][::80]

    for symbol in [*symbols, "ALOS3", "PETR4"]:
        bars = source.history(symbol, "1d", "1m")
        assert not [bar.starts_at for bar in bars if bar.high == bar.low][:-1], symbol


def test_day_range_only_widens_and_contains_the_price():
    source = market(datetime(2026, 3, 11, 3, 0, tzinfo=UTC))
    quotes = []
    while sao_paulo_day(source._now.at) == sao_paulo_day(AT):
        quotes.append(source.quotes(["VALE3"])["VALE3"])
        source._now.at += timedelta(seconds=97)

    for before, after in pairwise(quotes):
        assert after.high >= before.high
        assert after.low <= before.low
        assert after.volume >= before.volume
        assert (after.open, after.previous_close) == (before.open, before.previous_close)
    for q in quotes:
        assert q.year_low <= q.low <= q.price <= q.high <= q.year_high
        assert q.price == q.price.quantize(Decimal("0.01"))
    assert quotes[0].open == quotes[0].price


@pytest.mark.parametrize("at", [AT, SATURDAY, SATURDAY + timedelta(days=2)])
def test_history_ends_at_the_previous_close(at):
    source = market(at)
    bars = source.history("PETR4", "max", "1d")
    today = source.quotes(["PETR4"])["PETR4"]

    assert bars[-1].close == today.previous_close
    assert sao_paulo_day(bars[-1].starts_at) < sao_paulo_day(at)
    assert all(is_session_day(sao_paulo_day(bar.starts_at)) for bar in bars)
    assert at - bars[0].starts_at > timedelta(days=3650)


@pytest.mark.parametrize("at", [AT, SATURDAY, AT.replace(hour=3, minute=0, second=0)])
def test_minutes_of_today_match_the_quote(at):
    source = market(at)
    bars = source.history("PETR4", "1d", "1m")
    today = source.quotes(["PETR4"])["PETR4"]

    assert bars[0].open == today.open
    assert max(bar.high for bar in bars) == today.high
    assert min(bar.low for bar in bars) == today.low
    assert bars[-1].close == today.price
    assert sum(bar.volume for bar in bars) == today.volume
    assert all(b.starts_at - a.starts_at == timedelta(minutes=1) for a, b in pairwise(bars))


def test_minutes_of_a_past_day_match_its_candle():
    source = market()
    day = next(bar for bar in source.history("VALE3", "5d", "1d") if bar.starts_at.day == 9)
    bars = [b for b in source.history("VALE3", "5d", "1m") if sao_paulo_day(b.starts_at).day == 9]

    assert (
        replace(
            bars[0],
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            close=bars[-1].close,
            volume=sum(bar.volume for bar in bars),
        )
        == day
    )


def test_minute_bar_matches_the_prices_quoted_in_it():
    source = market(AT.replace(second=0))
    seen = []
    for second in range(60):
        source._now.at = AT.replace(second=second)
        seen.append(source.quotes(["PETR4"])["PETR4"].price)
    source._now.at += timedelta(minutes=5)
    bar = next(
        b for b in source.history("PETR4", "1d", "1m") if b.starts_at == AT.replace(second=0)
    )

    assert (bar.open, bar.high, bar.low, bar.close) == (seen[0], max(seen), min(seen), seen[-1])


def test_quarters_of_an_hour_match_the_minutes():
    source = market()
    quarters = source.history("PETR4", "1d", "15m")

    assert {bar.starts_at.minute % 15 for bar in quarters} == {0}
    assert sum(bar.volume for bar in quarters) == source.quotes(["PETR4"])["PETR4"].volume


def test_volume_is_higher_at_both_ends_of_the_day():
    bars = market(AT).history("PETR4", "5d", "1m")
    day = [bar.volume for bar in bars if sao_paulo_day(bar.starts_at).day == 10]
    eighth = len(day) // 8
    middle = mean(day[3 * eighth : 5 * eighth])

    assert mean(day[:eighth]) > 1.5 * middle
    assert mean(day[-eighth:]) > 1.5 * middle


def test_returns_are_plausible_and_clustered():
    closes = [float(bar.close) for bar in market().history("PETR4", "max", "1d")]
    returns = [log(b / a) for a, b in pairwise(closes)]
    sizes = [abs(r) for r in returns]

    assert 0.15 < stdev(returns) * 252**0.5 < 0.6
    assert correlation(sizes[:-5], sizes[5:]) > 0.05
    opens = [float(bar.open) for bar in market().history("PETR4", "1y", "1d")]
    assert (
        mean(abs(log(o / c)) for o, c in zip(opens[1:], closes[-len(opens) : -1], strict=True)) > 0
    )


def test_stocks_correlate_with_the_index():
    def returns(symbol):
        closes = [float(bar.close) for bar in market().history(symbol, "1y", "1d")]
        return [log(b / a) for a, b in pairwise(closes)]

    index = returns("IBOV")
    followed = [correlation(index, returns(s)) for s in ("PETR4", "VALE3", "ITUB4", "WEGE3")]

    assert min(followed) > 0.2
    assert max(followed) < 0.9


def test_index_has_a_plausible_level():
    assert Decimal(80_000) < quote("IBOV").price < Decimal(320_000)


def test_volatility_widens_daily_ranges():
    def width(volatility):
        bars = market(volatility=volatility).history("PETR4", "1y", "1d")
        return mean(float((bar.high - bar.low) / bar.open) for bar in bars)

    assert width(3.0) > 2 * width(1.0)


def test_price_is_constant_without_volatility():
    source = market(volatility=0.0)
    still = {source.quotes(["IBOV"])["IBOV"].price}
    source._now.at += timedelta(minutes=7)
    still.add(source.quotes(["IBOV"])["IBOV"].price)

    assert max(still) - min(still) < Decimal(1)


def test_speed_increases_the_movement_per_minute():
    def moved(speed):
        bars = market(speed=speed).history("VALE3", "1d", "1m")
        return mean(abs(log(b.close / a.close)) for a, b in pairwise(bars))

    assert moved(30.0) > 3 * moved(1.0)


def test_speed_does_not_change_closes():
    assert quote(speed=60.0).previous_close == quote(speed=1.0).previous_close


@pytest.mark.parametrize("options", [{}, {"volatility": 10.0, "speed": 3600.0}])
def test_every_ticker_has_a_valid_price(options):
    symbols = [f"{a}{b}CD{n}" for a in "AKZ" for b in "BMX" for n in (3, 4, 5, 6, 11, 34)]
    source = market(**options)
    for hour in range(0, 24, 5):
        source._now.at = AT.replace(hour=hour)
        for q in source.quotes(symbols).values():
            assert Decimal("0.01") <= q.low <= q.price <= q.high < Decimal(10**9)


def test_catalogue_comes_from_the_data_files():
    listings = SimulatedProvider(data=Path(settings.BASE_DIR / "data")).tickers()

    assert len(listings) > 110
    assert {"PETR4", "IBOV"} <= {listing.symbol for listing in listings}


def test_four_hundred_quotes_are_fast():
    symbols = [
        f"{a}{b}{c}D{n}" for a in "ABCDE" for b in "FGHIJ" for c in "KLMN" for n in (3, 4, 5, 6)
    ]
    source = market()
    source.quotes(symbols)
    source._now.at += timedelta(minutes=1)
    started_at = process_time()
    source.quotes(symbols)

    assert len(symbols) == 400
    assert (
        process_time() - started_at < 0.3
    )  # the start of a minute for all; 0.06 s on an idle core
