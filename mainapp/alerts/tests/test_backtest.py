"""Backtests: the firings of conditions over past candles."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.alerts.conditions import Terms
from mainapp.alerts.indicators import PastBar, backtest, past_bars
from mainapp.market.quotes import Bar

MIDNIGHT = datetime(2026, 3, 2, 3, tzinfo=UTC)  # a Monday in São Paulo
TEN = MIDNIGHT + timedelta(hours=10)


def bar(starts_at, *prices):
    open_, high, low, close = (Decimal(price) for price in prices)
    return Bar(starts_at=starts_at, open=open_, high=high, low=low, close=close)


def day(number, *prices):
    return bar(MIDNIGHT + timedelta(days=number), *prices)


def minute(number, *prices):
    prices = prices * 4 if len(prices) == 1 else prices
    return bar(TEN + timedelta(minutes=number), *prices)


def terms(kind, limit, **fields):
    return Terms(kind=kind, limit=Decimal(limit), **fields)


def run(conditions, days=(), minutes=(), period=0):
    return backtest(conditions, past_bars(days, minutes), period=period)


def kinds_and_prices(firings):
    return [(firing.kind, str(firing.price)) for firing in firings]


# The path inside a candle ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prices", "path"),
    [
        (("10", "13", "9", "12"), ["10", "9", "13", "12"]),  # the low is nearer
        (("10", "11", "7", "8"), ["10", "11", "7", "8"]),  # the high is nearer
        (("10", "12", "8", "10"), ["10", "8", "12", "10"]),  # equally near: the low first
    ],
)
def test_path_goes_to_the_nearer_extreme_first(prices, path):
    past = PastBar(day(0, *prices), None, is_day=True)

    assert [str(observation.price) for observation in past.observations()] == path


def test_observations_of_a_day_lie_inside_its_session():
    past = PastBar(day(0, "10", "12", "8", "11"), None, is_day=True)

    observations = [observation.at for observation in past.observations()]

    assert (observations[0], observations[-1]) == (TEN, TEN + timedelta(hours=7))


# Firing ------------------------------------------------------------------------------------------


def test_each_crossing_counts_after_rearming():
    days = [
        day(0, "40", "41", "39", "40"),
        day(1, "40", "40", "35", "35"),  # falls through 36
        day(2, "35", "36", "34", "35"),  # stays below, never 0.5 % back
        day(3, "37", "38", "37", "38"),  # armed again
        day(4, "38", "38", "35.50", "37"),
    ]

    fired = run([terms("compra", "36")], days)

    assert kinds_and_prices(fired) == [("compra", "35"), ("compra", "35.50")]
    assert [firing.starts_at for firing in fired] == [days[1].starts_at, days[4].starts_at]


def test_a_limit_already_passed_at_the_beginning_does_not_fire():
    assert run([terms("compra", "36")], [day(0, "30", "31", "29", "30")]) == []


def test_a_gap_over_the_limit_fires_at_the_open():
    days = [day(0, "40", "41", "39", "40"), day(1, "50", "51", "49", "50")]

    assert kinds_and_prices(run([terms("venda", "45")], days)) == [("venda", "50")]


def test_change_of_the_day_is_against_the_previous_close():
    days = [day(0, "100", "130", "90", "100"), day(1, "100", "103.10", "99", "101")]

    assert kinds_and_prices(run([terms("change_up_pct", "3")], days)) == [
        ("change_up_pct", "103.10")
    ]
    assert kinds_and_prices(run([terms("change_up_pct", "3.20")], days)) == []
    assert kinds_and_prices(run([terms("change_down_pct", "1")], days)) == [
        ("change_down_pct", "99")
    ]


def test_conditions_of_one_alert_share_the_cooldown():
    days = [day(0, "40", "40", "40", "40"), day(1, "40", "46", "35", "40")]
    both = [terms("compra", "36"), terms("venda", "45")]

    assert kinds_and_prices(run(both, days)) == [("compra", "35"), ("venda", "46")]
    cooled = [
        terms("compra", "36", cooldown_minutes=600),
        terms("venda", "45", cooldown_minutes=600),
    ]
    assert kinds_and_prices(run(cooled, days)) == [("compra", "35")]


def test_period_observes_the_first_price_of_a_slot():
    minutes = [minute(0, "40"), minute(1, "35"), minute(4, "40"), minute(5, "35")]

    assert len(run([terms("compra", "36")], minutes=minutes, period=0)) == 2
    [firing] = run([terms("compra", "36")], minutes=minutes, period=5)
    assert firing.at == TEN + timedelta(minutes=5)


def test_hold_reads_every_price_regardless_of_the_period():
    held = [minute(0, "40"), *(minute(number, "35") for number in range(1, 8))]
    broken = [*held[:4], minute(4, "35", "40", "35", "35"), *held[5:]]
    condition = terms("compra", "36", hold_minutes=5)

    assert len(run([condition], minutes=held, period=90)) == 1
    assert run([condition], minutes=broken, period=90) == []


# Minutes and days --------------------------------------------------------------------------------


def test_minutes_replace_their_day_if_they_cover_its_range():
    minutes = [minute(0, "40"), minute(1, "35"), minute(2, "41")]

    whole = past_bars([day(0, "40", "41", "35", "41")], minutes)
    partial = past_bars([day(0, "40", "41", "34", "41")], minutes)

    assert [past.is_day for past in whole] == [False, False, False]
    assert [past.is_day for past in partial] == [True]


def test_a_bar_has_the_close_of_the_day_before():
    days = [day(0, "40", "41", "39", "40.50"), day(1, "40", "41", "39", "40")]
    later = [bar(TEN + timedelta(days=2, minutes=n), *["40"] * 4) for n in range(2)]

    closes = [past.previous_close for past in past_bars(days, later)]

    assert closes == [None, Decimal("40.50"), Decimal(40), Decimal(40)]


def test_skipped_candles_change_nothing(monkeypatch):
    """Skipping candles that cannot wake a condition has the same result as reading them all."""
    prices = [38 + (number * 7919 % 97 - 48) / 16 for number in range(400)]
    rows = [(price, price + 1, price - 1, price + 0.25) for price in prices]
    days = [day(n, *(f"{price:.2f}" for price in row)) for n, row in enumerate(rows)]
    limits = {"compra": "36", "venda": "40", "change_up_pct": "4", "change_down_pct": "5"}
    for fields in ({}, {"hold_minutes": 100}, {"cooldown_minutes": 3000}):
        conditions = [terms(kind, limit, **fields) for kind, limit in limits.items()]
        quick = run(conditions, days)
        monkeypatch.setattr(PastBar, "reaches", lambda *_arguments: True)
        assert run(conditions, days) == quick != []
        monkeypatch.undo()


def test_candles_that_wake_no_condition_are_not_expanded(monkeypatch):
    days = [day(n, "40", "42", "38", "40") for n in range(-365, 0)]
    minutes = [minute(n, "40", "40.50", "39.50", "40") for n in range(5_000)]
    conditions = [terms("compra", "37"), terms("venda", "43"), terms("change_up_pct", "20")]
    expanded, observations = [], PastBar.observations
    monkeypatch.setattr(
        PastBar, "observations", lambda past: expanded.append(past) or observations(past)
    )

    run(conditions, days, minutes)

    assert len(expanded) == 2  # the first candle, and the first one with a previous close
