from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.market.models import Candle
from mainapp.market.providers.base import RANGES
from mainapp.market.quotes import Bar
from mainapp.market.selectors.candles import (
    CHART_INTERVALS,
    begins_late,
    chart_bars,
    merged_bars,
    midnight,
    slot_start,
)
from mainapp.market.sessions import is_session_day
from mainapp.market.tests.factories import CandleFactory, StockFactory

WEDNESDAY = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)  # 15:00 in São Paulo


def bar(starts_at, close=10, volume: int | None = 100):
    price = Decimal(close)
    return Bar(
        starts_at=starts_at, open=price, high=price + 1, low=price - 1, close=price, volume=volume
    )


def days(first, last):
    day = first
    while day <= last:
        if is_session_day(day):
            yield day
        day += timedelta(days=1)


def test_every_range_has_intervals():
    assert set(CHART_INTERVALS) == set(RANGES)


@pytest.mark.parametrize(
    ("interval", "starts_at"),
    [
        ("1m", datetime(2026, 3, 1, 1, 59, tzinfo=UTC)),
        ("5m", datetime(2026, 3, 1, 1, 55, tzinfo=UTC)),
        ("15m", datetime(2026, 3, 1, 1, 45, tzinfo=UTC)),
        ("60m", datetime(2026, 3, 1, 1, 0, tzinfo=UTC)),
        # It is still Saturday, 28 February, in São Paulo.
        ("1d", datetime(2026, 2, 28, 3, 0, tzinfo=UTC)),
        ("1w", datetime(2026, 2, 23, 3, 0, tzinfo=UTC)),
        ("1mo", datetime(2026, 2, 1, 3, 0, tzinfo=UTC)),
    ],
)
def test_slots_begin_in_sao_paulo(interval, starts_at):
    assert slot_start(datetime(2026, 3, 1, 1, 59, 59, tzinfo=UTC), interval) == starts_at


def test_summer_time_of_earlier_years_does_not_shift_weeks():
    midnight_in_summer = datetime(2018, 12, 31, 2, 0, tzinfo=UTC)
    assert slot_start(midnight_in_summer + timedelta(hours=50), "1w") == midnight_in_summer


def test_hours_do_not_span_sessions():
    close, opening = (
        datetime(2026, 3, 10, 19, 59, tzinfo=UTC),
        datetime(2026, 3, 11, 13, 0, tzinfo=UTC),
    )
    bars = merged_bars([bar(close, 10), bar(opening, 12)], interval="60m")
    assert [(each.starts_at, each.close) for each in bars] == [
        (close.replace(minute=0), Decimal(10)),
        (opening, Decimal(12)),
    ]


@pytest.mark.parametrize("interval", ["1w", "1mo"])
def test_days_are_merged_into_their_week_and_month(interval):
    march = [
        bar(midnight(day), n + 10) for n, day in enumerate(days(date(2026, 3, 2), date(2026, 3, 6)))
    ]
    (merged,) = merged_bars([*march], interval=interval)
    assert merged == Bar(
        starts_at=midnight(date(2026, 3, 2 if interval == "1w" else 1)),
        open=Decimal(10),
        high=Decimal(15),
        low=Decimal(9),
        close=Decimal(14),
        volume=500,
    )


def test_unknown_volumes_stay_unknown():
    monday = midnight(date(2026, 3, 2))
    bars = [bar(monday, volume=None), bar(monday + timedelta(days=1), volume=None)]
    assert [each.volume for each in merged_bars(bars, interval="1w")] == [None]


@pytest.mark.django_db
def test_first_month_of_a_range_is_whole():
    stock = StockFactory(symbol="PETR4")
    for day in days(date(2025, 3, 3), date(2025, 4, 11)):
        CandleFactory(stock=stock, interval=Candle.Interval.DAY, starts_at=midnight(day), volume=1)

    bars, _ = chart_bars(stock=stock, range_="1y", interval="1mo", at=WEDNESDAY)

    counts = [len(list(days(date(2025, 3, 3), date(2025, 3, 31)))), 9]
    assert [each.volume for each in bars] == counts


@pytest.mark.django_db
def test_month_of_hours_ends_at_the_last_candle():
    stock = StockFactory(symbol="PETR4")
    for age in (32, 3, 2):
        starts_at = WEDNESDAY - timedelta(days=age)
        CandleFactory(stock=stock, interval=Candle.Interval.MINUTE, starts_at=starts_at)

    bars, _ = chart_bars(stock=stock, range_="1mo", interval="60m", at=WEDNESDAY)

    # The range ends two days ago, so that it begins 32 days ago.
    assert [each.starts_at for each in bars] == [WEDNESDAY - timedelta(days=n) for n in (32, 3, 2)]


@pytest.mark.parametrize(
    ("range_", "interval", "first", "is_late"),
    [
        ("1mo", "15m", date(2026, 2, 9), False),
        ("1mo", "15m", date(2026, 2, 10), True),
        ("5d", "15m", date(2026, 3, 5), False),
        ("5d", "15m", date(2026, 3, 6), True),
        ("1d", "5m", date(2026, 3, 11), False),
        ("1y", "1d", date(2025, 3, 14), False),
        ("1y", "1d", date(2025, 6, 2), True),
        ("1y", "1mo", date(2025, 3, 5), False),
        ("max", "1d", date(2026, 3, 10), False),
    ],
)
def test_missing_beginning_is_reported(range_, interval, first, is_late):
    last = WEDNESDAY if interval.endswith("m") else midnight(date(2026, 3, 10))
    bars = [bar(midnight(first) + timedelta(hours=11)), bar(last)]
    assert begins_late(bars, range_=range_, interval=interval, at=WEDNESDAY) is is_late


def test_without_bars_nothing_begins_late():
    assert not begins_late([], range_="1y", interval="1d", at=WEDNESDAY)
