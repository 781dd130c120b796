"""Tests of a chart's pure functions under node."""

import json
from datetime import UTC, datetime

import pytest
from django.urls import reverse

BAR = {"time": 0, "open": 10, "high": 12, "low": 9, "close": 11, "volume": 100}


def test_moving_average_starts_with_enough_values(run):
    assert run("market/indicators.js", "m.sma([1, 2, 3, 4], 2)") == [None, 1.5, 2.5, 3.5]


def test_rsi_matches_wilders_example(run):
    # Wilder's published example of 14 days: 70.53 and 66.32.
    closes = [
        44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.10, 45.42,
        45.84, 46.08, 45.89, 46.03, 45.61, 46.28, 46.28, 46.00,
    ]  # fmt: skip
    values = run("market/indicators.js", f"m.rsi({closes}, 14)")
    assert values[:14] == [None] * 14
    assert [round(value) for value in values[14:]] == [70, 66]


@pytest.mark.parametrize(("closes", "last"), [([1, 2, 3], 100), ([3, 2, 1], 0), ([2, 2, 2], 50)])
def test_rsi_is_defined_at_its_limits(run, closes, last):
    assert run("market/indicators.js", f"m.rsi({closes}, 2)")[-1] == last


def test_bollinger_bands_are_two_deviations_from_the_average(run):
    bands = run("market/indicators.js", "m.bollinger([2, 4, 4, 4, 5, 5, 7, 9], 8, 2)")
    assert [bands[name][-1] for name in ("lower", "middle", "upper")] == [1, 5, 9]
    assert bands["upper"][:-1] == [None] * 7


def test_percent_change_is_relative_to_the_base(run):
    changes = "[50, 75, 25].map((v) => m.percentChange(v, 50))"
    assert run("market/indicators.js", changes) == [0, 50, -50]


def test_exponential_average_begins_with_the_simple_one(run):
    assert run("market/indicators.js", "m.ema([1, 2, 3, 6, 6], 3)") == [None, None, 2, 4, 5]


def test_macd_is_the_distance_of_two_averages(run):
    lines = run("market/indicators.js", "m.macd([1, 2, 3, 4, 5, 9], 2, 3, 2)")
    assert lines["macd"][:4] == [None, None, 0.5, 0.5]
    assert lines["signal"][:4] == [None, None, None, 0.5]
    assert lines["histogram"][3] == 0
    assert lines["histogram"][5] == pytest.approx(lines["macd"][5] - lines["signal"][5])


def test_studies_have_names_and_a_line_for_each_value(run):
    chosen = [{"kind": "sma", "params": [2]}, {"kind": "bollinger", "params": [2, 2.5]}]
    lines = run("market/studies.js", f"m.studyLines({json.dumps(chosen)}, [1, 2, 3])")
    labels = run("market/studies.js", f"{json.dumps(chosen)}.map(m.studyLabel)")
    assert [(line["index"], line["name"]) for line in lines] == [
        (0, "line"),
        (1, "middle"),
        (1, "upper"),
        (1, "lower"),
    ]
    assert lines[0]["values"] == [None, 1.5, 2.5]
    assert labels == ["MM 2", "Bollinger 2, 2,5"]


@pytest.mark.parametrize(
    ("stored", "is_valid"),
    [
        ([], True),
        ([{"kind": "sma", "params": [21]}], True),
        ([{"kind": "bollinger", "params": [20, 2.5]}], True),
        ([{"kind": "sma", "params": [1]}], False),
        ([{"kind": "sma", "params": [2.5]}], False),
        ([{"kind": "sma", "params": ["21"]}], False),
        ([{"kind": "sma", "params": []}], False),
        ([{"kind": "toString", "params": []}], False),
        ([None], False),
        ([{"kind": "sma", "params": [21]}] * 7, False),
        ({"sma21": True}, False),
    ],
)
def test_stored_studies_are_checked(run, stored, is_valid):
    assert run("market/studies.js", f"m.areStudies({json.dumps(stored)})") is is_valid


@pytest.mark.parametrize(
    ("interval", "start"),
    [
        ("1m", datetime(2026, 3, 1, 1, 59, tzinfo=UTC)),
        ("15m", datetime(2026, 3, 1, 1, 45, tzinfo=UTC)),
        ("60m", datetime(2026, 3, 1, 1, 0, tzinfo=UTC)),
        # It is still Saturday, 28 February, in São Paulo.
        ("1d", datetime(2026, 2, 28, 3, 0, tzinfo=UTC)),
        ("1w", datetime(2026, 2, 23, 3, 0, tzinfo=UTC)),
        ("1mo", datetime(2026, 2, 1, 3, 0, tzinfo=UTC)),
    ],
)
def test_live_bars_start_as_the_servers_do(run, interval, start):
    at = datetime(2026, 3, 1, 1, 59, 59, tzinfo=UTC).timestamp()
    assert run("market/bars.js", f"m.barStart({at}, '{interval}')") == start.timestamp()


def test_axis_shows_days_and_times_of_sao_paulo(run):
    noon = datetime(2026, 3, 1, 15, 0, tzinfo=UTC).timestamp()
    summer_midnight = datetime(2018, 12, 31, 2, 0, tzinfo=UTC).timestamp()
    assert run("market/bars.js", f"m.axisTime({noon}, '5m')") == noon - 3 * 3600
    assert run("market/bars.js", f"m.axisTime({summer_midnight}, '1mo')") == "2018-12-31"


def applied(run, interval, seconds, quote, growth=0, bars=(BAR,)):
    """Return the bars after a live quote."""
    return run(
        "market/bars.js",
        f"((bars) => (m.applyPrice(bars, '{interval}', {seconds}, {json.dumps(quote)}, {growth}),"
        f" bars))({json.dumps(list(bars))})",
    )


def test_quote_extends_the_last_minute(run):
    quote = {"price": "12.50", "high": "20.00", "low": "1.00", "volume": 900}
    expected = BAR | {"high": 12.5, "close": 12.5, "volume": 130}
    assert applied(run, "5m", 299, quote, growth=30) == [expected]


def test_quote_starts_the_next_minute(run):
    quote = {"price": "12.50", "high": "20.00", "low": "1.00", "volume": 900}
    (_, added) = applied(run, "5m", 300, quote, growth=30)
    assert added == {
        "time": 300,
        "open": 12.5,
        "high": 12.5,
        "low": 12.5,
        "close": 12.5,
        "volume": 30,
    }


def test_day_takes_the_quotes_range_and_volume(run):
    quote = {"price": "12.50", "open": "10.50", "high": "20.00", "low": "1.00", "volume": 900}
    bar = BAR | {"time": 3 * 3600}
    expected = bar | {"high": 20, "low": 1, "close": 12.5, "volume": 900}
    assert applied(run, "1d", 4 * 3600, quote, bars=[bar]) == [expected]


def test_week_adds_the_growth_of_the_volume(run):
    quote = {"price": "12.50", "open": "10.50", "high": "20.00", "low": "1.00", "volume": 900}
    bar = BAR | {"time": 4 * 86_400 + 3 * 3600}  # Monday, 5 January 1970
    expected = bar | {"high": 20, "low": 1, "close": 12.5, "volume": 130}
    assert applied(run, "1w", bar["time"] + 2 * 86_400, quote, growth=30, bars=[bar]) == [expected]


def test_volumes_of_coins_are_numbers_in_bars(run):
    candle = dict.fromkeys(("open", "high", "low", "close"), "10.00")
    bars = run(
        "market/candles.js",
        f"['12.5', 7, null].map((volume) => m.toBar({{...{json.dumps(candle)}, volume}}).volume)",
    )
    assert bars == [12.5, 7, None]
    quote = {"price": "12.50", "volume": "0.75"}
    for interval, volume, bar in (("1d", 0.75, BAR), ("1w", 12.75, BAR | {"volume": 12.5})):
        start = {"1d": 3 * 3600, "1w": 4 * 86_400 + 3 * 3600}[interval]
        (last,) = applied(run, interval, start, quote, 0.25, [bar | {"time": start}])
        assert last["volume"] == volume
    (_, added) = applied(run, "1d", 30 * 3600, quote, bars=[BAR])
    assert added["volume"] == 0.75


def test_older_quote_changes_nothing(run):
    bar = BAR | {"time": 600}
    assert applied(run, "5m", 599, {"price": "1.00"}, bars=[bar]) == [bar]


def test_comparison_starts_at_the_first_common_bar(run):
    series = [["", [[1, 10], [2, 20], [3, 30]]], ["IBOV", [[2, 100]]], ["VALE3", [[0, 5], [2, 50]]]]
    expression = (
        f"((rows) => {{ const {{ start, bases }} = m.commonStart(new Map(rows.map(([name, bars]) =>"
        f" [name, bars.map(([time, close]) => ({{ time, close }}))])));"
        f" return [start, [...bases]]; }})({json.dumps(series)})"
    )
    assert run("market/comparison.js", expression) == [2, [["", 20], ["IBOV", 100], ["VALE3", 50]]]


def test_papers_without_a_common_bar_are_not_compared(run):
    rows = "new Map([['', [{ time: 1, close: 2 }]], ['VALE3', [{ time: 2, close: 2 }]]])"
    assert run("market/comparison.js", f"m.commonStart({rows}).start") is None


@pytest.mark.parametrize(
    ("kind", "price", "value"),
    [
        ("compra", 28.104, "28.10"),
        ("venda", -5, "0.01"),
        ("change_up_pct", 20.5, "2.50"),
        ("change_down_pct", 19, "5.00"),
        ("change_down_pct", 21, "0.01"),
    ],
)
def test_dragged_limits_have_the_servers_unit(run, kind, price, value):
    assert run("market/limits.js", f"m.limitValue('{kind}', {price}, 20)") == value


@pytest.mark.parametrize(
    ("kind", "price", "text"),
    [
        ("change_up_pct", 20.5, "+2,50% (R$\u00a020,50)"),
        ("change_up_pct", 18, "+0,01% (R$\u00a020,00)"),
        ("change_down_pct", 25, "\N{MINUS SIGN}0,01% (R$\u00a020,00)"),
        ("compra", -3, "R$\u00a00,01"),
    ],
)
def test_a_limit_that_is_dragged_too_far_says_what_is_saved(run, kind, price, text):
    nearest = f"m.limitPrice('{kind}', {price}, 20)"
    assert run("market/limits.js", f"m.limitText('{kind}', {nearest}, 20)") == text
    moved = run("market/limits.js", f"m.movedLabel('{kind}', {price}, 20)")
    assert kind == "compra" or moved.endswith(text.split(" (")[0])


def test_the_limits_of_an_index_are_points(run):
    text = run("market/limits.js", "m.limitText('venda', 142500, 142000, { isIndex: true })")
    assert text == "142.500,00 pontos"


def test_limits_in_percent_are_lines_at_prices(run):
    limits = [{"kind": "compra", "price": "9.50"}, {"kind": "change_down_pct", "pct": "-5.00"}]
    expression = f"m.limitLines({json.dumps(limits)}, %s).map(({{ price }}) => price)"
    assert run("market/limits.js", expression % "20") == [9.5, 19]
    assert run("market/limits.js", expression % "NaN") == [9.5]


@pytest.mark.parametrize(
    ("kind", "value", "is_beyond"),
    [
        ("compra", "20.00", True),
        ("compra", "19.99", False),
        ("venda", "20.00", True),
        ("venda", "20.01", False),
        ("change_up_pct", "1.00", False),
        ("change_down_pct", "2.00", True),
        ("change_down_pct", "2.01", False),
    ],
)
def test_limit_that_the_price_has_reached_is_known(run, kind, value, is_beyond):
    quote = {"price": "20.00", "change_pct": "-2.00"}
    assert (
        run("market/limits.js", f"m.isBeyond('{kind}', '{value}', {json.dumps(quote)})")
        is is_beyond
    )


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ([50], [50]),
        ([50, 52], [50, 70]),
        ([52, 50], [70, 50]),
        ([10, 12], [40, 60]),  # below a legend
        ([98, 95], [90, 70]),
        ([], []),
    ],
)
def test_labels_do_not_collide(run, wanted, places):
    expression = f"m.spread({wanted}, 20, {{ from: 30, to: 100 }})"
    assert run("market/limits.js", expression) == places


@pytest.mark.parametrize(
    ("places", "edges"),
    [
        ([0, 50, 100], [None, None, None]),
        ([-1, 101, None], ["top", "bottom", "hidden"]),
        ([-90, -10, -50, -70], ["hidden", "top", "top", "top"]),
        ([200, 900, 300, 400, -5], ["bottom", "hidden", "bottom", "bottom", "top"]),
    ],
)
def test_lines_out_of_the_chart_are_pinned_to_its_edges(run, places, edges):
    lines = json.dumps([{"y": y} for y in places])
    assert run("market/limits.js", f"m.pinnedEdges({lines}, 100)") == edges


def test_held_line_is_never_hidden(run):
    lines = json.dumps([{"y": -90, "isHeld": True}, {"y": -1}, {"y": -2}, {"y": -3}])
    expected = ["top", "top", "top", "hidden"]
    assert run("market/limits.js", f"m.pinnedEdges({lines}, 100)") == expected


def test_firings_of_a_week_are_on_its_bar(run):
    firings = [{"time": 5 * 86_400, "kind": "venda"}] * 2
    expression = f"m.firingsOnBars({json.dumps(firings)}, [{{ time: 0 }}], '1w')"
    assert run("market/limits.js", expression) == [
        {"bar": {"time": 0}, "kind": "venda", "count": 2}
    ]


def test_page_of_a_stock_has_the_servers_address(run):
    assert run("market/links.js", "m.stockUrl('PETR4')") == reverse("paper", args=["PETR4"])
