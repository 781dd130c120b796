"""Tests of the scripts' pure functions under node; tests/e2e runs the scripts in a browser."""

import json
from dataclasses import asdict
from decimal import Decimal

import pytest

from mainapp.market.rendering import area_chart, round_prices, spark_paths

NOTHING = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("outage_ms", "shortest", "longest"),
    [(0, 500, 1_000), (4_000, 500, 2_000), (600_000, 500, 15_000)],
)
def test_reconnect_delay_grows_with_the_outage(run, outage_ms, shortest, longest):
    expression = f"[0, 1].map((r) => m.reconnectDelay({outage_ms}, {{ random: () => r }}))"
    assert run("core/connection.js", expression) == [shortest, longest]


def test_snapshot_replaces_quotes_and_update_merges_fields(run):
    quotes = run(
        "market/quotes.js",
        """(() => {
            const quotes = new Map();
            const wanted = new Set(["PETR4"]);
            const one = { price: "1.00", open: "0.90" };
            m.mergeQuotes(quotes, { type: "snapshot", quotes: { PETR4: one } }, wanted);
            const update = { type: "update", quotes: { PETR4: { price: "2.00" }, VALE3: one } };
            const was = m.mergeQuotes(quotes, update, wanted);
            return [[...quotes], [...was]];
        })()""",
    )
    assert quotes == [
        [["PETR4", {"price": "2.00", "open": "0.90"}]],
        [["PETR4", {"price": "1.00"}]],
    ]


@pytest.mark.parametrize(
    ("frame", "events"),
    [
        ({"type": "snapshot"}, ["late"]),
        ({"type": "update"}, []),
        ({"type": "update", "late": ["PETR4"]}, ["late"]),
    ],
)
def test_a_snapshot_ends_the_late_marks_of_an_older_page(run, frame, events):
    expression = f"""(() => {{
        const events = [];
        const socket = {{ late: new Set(), _emit: (name) => events.push(name) }};
        m.StockSocket.prototype._updateLate.call(socket, {json.dumps(frame)});
        return events;
    }})()"""
    assert run("market/socket.js", expression) == events


def test_reconnects_to_a_restarting_server_are_spread_over_two_seconds(run):
    expression = "[0, 1].map((r) => m.reconnectDelay(0, { floorMs: 2_000, random: () => r }))"
    assert run("core/connection.js", expression) == [500, 2_000]


def test_server_clock_uses_the_sample_with_the_least_delay(run):
    expression = """(() => {
        const clock = new m.ServerClock();
        const samples = [[10_000, 130], [11_000, 1_080], [12_000, 2_300], [5_000_000, 3_000]];
        return [clock.now(0), ...samples.map(([server, local]) => {
            clock.addSample(server, local);
            return clock.now(0);
        })];
    })()"""
    assert run("core/clock.js", expression) == [None, 9_870, 9_920, 9_920, 4_997_000]


@pytest.mark.parametrize("jump_ms", [-7_200_000, 7_200_000])
def test_server_clock_that_is_set_is_followed_at_once(run, jump_ms):
    expression = f"""(() => {{
        const clock = new m.ServerClock();
        clock.addSample(10_000_000, 0);
        clock.addSample(10_001_000 + {jump_ms}, 1_000);
        return clock.now(2_000);
    }})()"""
    assert run("core/clock.js", expression) == 10_002_000 + jump_ms


@pytest.mark.parametrize(
    ("first", "second", "order"),
    [
        ("9.99", "10.00", -1),
        ("-1.50", "-1.49", -1),
        ("0.00", "-0.00", 0),
        ("498200000000.01", "498200000000.0", 1),
        ("9007199254740993", "9007199254740992", 1),
    ],
)
def test_decimal_strings_compare_exactly(run, first, second, order):
    assert run("core/number.js", f"m.compareDecimals('{first}', '{second}')") == order


@pytest.mark.parametrize(("ascending", "order"), [("true", "BAC"), ("false", "ABC")])
def test_rows_without_a_value_go_last_either_way(run, ascending, order):
    rows = "[{symbol: 'A', price: '10.00'}, {symbol: 'C'}, {symbol: 'B', price: '9.00'}]"
    expression = f"{rows}.sort(m.comparator('price', {ascending})).map((r) => r.symbol).join('')"
    assert run("market/quotes.js", expression) == order


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("price", "0,00012345"),
        ("change", "+0,00000345"),
        ("open", "0,00012000"),
        ("volume", "12"),
        ("turnover", "0"),
    ],
)
def test_prices_are_written_with_their_own_places(run, field, text):
    quote = (
        "{symbol: 'TINYBRL', price: '0.00012345', change: '0.00000345', open: '0.00012000', "
        "volume: '12.34567'}"
    )
    assert run("market/quotes.js", f"m.fieldText({quote}, '{field}')") == text


def test_turnover_of_coins_is_exact(run):
    quote = "{symbol: 'BTCBRL', price: '345678.12', volume: '1234.5678'}"
    assert (
        run("market/quotes.js", f"m.fieldText({quote}, 'turnover')") == "426,8\N{NO-BREAK SPACE}mi"
    )


@pytest.mark.parametrize(("symbol", "session"), [("BTCBRL", "open"), ("PETR4", "closed")])
def test_session_of_a_row_is_that_of_its_market(run, symbol, session):
    assert run("market/quotes.js", f"m.sessionOf({{symbol: '{symbol}'}}, 'closed')") == session


def test_a_place_in_a_range_is_between_its_ends(run):
    places = "[['1', '3', '2'], ['1', '3', '9'], ['2', '2', '2'], [null, '3', '2']]"
    assert run("market/quotes.js", f"{places}.map((p) => m.place(...p))") == [50, 100, None, None]


def test_sparkline_has_one_point_a_minute(run):
    expression = """(() => {
        const points = [[0, 1]];
        for (const [at, price] of [[30, 2], [61, 3], [10, 9]]) m.extendPoints(points, at, price);
        return points;
    })()"""
    assert run("market/quotes.js", expression) == [[0, 2], [61, 3]]


def test_sparkline_goes_on_after_the_clock_was_set_back(run):
    expression = """(() => {
        const points = [[1_000, 1], [7_000, 2], [7_100, 3]];
        m.extendPoints(points, 3_500, 4);
        return points;
    })()"""
    assert run("market/quotes.js", expression) == [[1_000, 1], [3_500, 4]]


def test_sparkline_of_the_browser_is_that_of_the_server(run):
    points = [(0, "10.00"), (500, "12.00"), (700, "9.35"), (1000, "11.00")]
    paths = spark_paths(points, base=Decimal("9.50"), width=96, height=28)
    numbers = [(at, float(price)) for at, price in points]

    drawn = run("market/sparkline.js", f"m.sparklinePaths({json.dumps(numbers)}, 9.5)")
    assert drawn == asdict(paths)


def test_calm_day_of_many_points_is_the_same_in_the_browser(run):
    points = [(at, f"10.0{at // 60 % 3}") for at in range(0, 40_000, 60)]
    paths = spark_paths(points, base=None, width=96, height=28)
    numbers = [(at, float(price)) for at, price in points]

    drawn = run("market/sparkline.js", f"m.sparklinePaths({json.dumps(numbers)}, NaN)")
    assert drawn == asdict(paths)
    assert paths.line.count("L") <= 48


ROWS = """[
    {symbol: "A", group: "one", weight: 20}, {symbol: "B", group: "two", weight: 50},
    {symbol: "C", group: "two", weight: 30}, {symbol: "D", group: "two", weight: 0},
    {symbol: "E", group: "two", weight: NaN}
]"""


def test_treemap_groups_are_ordered_by_weight(run):
    groups = run("market/treemap-geometry.js", f"m.grouped({ROWS})")

    assert [
        (group["name"], group["weight"], [row["symbol"] for row in group["rows"]])
        for group in groups
    ] == [("two", 80, ["B", "C"]), ("one", 20, ["A"])]


def test_treemap_areas_are_proportional_to_weights(run):
    run("../../../node_modules/d3-hierarchy/dist/d3-hierarchy.min.js", "0")  # globalThis.d3
    boxes = run(
        "market/treemap-geometry.js",
        f"""((boxes) => ({{groups: [...boxes.groups], tiles: [...boxes.tiles]}}))(
            m.layOut(m.grouped({ROWS}), {{width: 1000, height: 500, labelHeight: 0}}))""",
    )

    areas = {symbol: box["width"] * box["height"] for symbol, box in boxes["tiles"]}
    assert {symbol: round(area / 5000) for symbol, area in areas.items()} == {
        "A": 20,
        "B": 50,
        "C": 30,
    }


def test_treemap_leaves_room_for_the_labels_of_groups(run):
    run("../../../node_modules/d3-hierarchy/dist/d3-hierarchy.min.js", "0")
    boxes = run(
        "market/treemap-geometry.js",
        f"""((boxes) => ({{groups: Object.fromEntries(boxes.groups), a: boxes.tiles.get("A")}}))(
            m.layOut(m.grouped({ROWS}), {{width: 1000, height: 500, labelHeight: 24}}))""",
    )

    assert boxes["a"]["y"] == boxes["groups"]["one"]["y"] + 24


def test_treemap_joins_the_smallest_groups(run):
    rows = json.dumps(
        [
            {"symbol": name, "group": name, "weight": weight}
            for name, weight in (("a", 60), ("b", 30), ("c", 8.5), ("d", 1.5))
        ]
    )

    groups = run("market/treemap-geometry.js", f"m.grouped({rows})")

    assert [(group["name"], [row["symbol"] for row in group["rows"]]) for group in groups] == [
        ("a", ["a"]),
        ("b", ["b"]),
        ("", ["c", "d"]),
    ]


@pytest.mark.parametrize(("has_rests", "rests", "tiles"), [("true", 1, 3), ("false", 0, 42)])
def test_tiles_too_small_for_their_codes_share_one(run, has_rests, rests, tiles):
    run("../../../node_modules/d3-hierarchy/dist/d3-hierarchy.min.js", "0")
    rows = f"""[{ROWS[1:-1]}, ...Array.from({{length: 39}}, (_, n) => (
        {{symbol: `SMALL${{n}}`, group: "two", weight: 0.1}}))]"""
    boxes = run(
        "market/treemap-geometry.js",
        f"""((boxes) => ({{rests: [...boxes.rests.keys()], tiles: boxes.tiles.size}}))(m.layOut(
            m.grouped({rows}),
            {{width: 300, height: 300, labelHeight: 24, hasRests: {has_rests}}}))""",
    )

    assert (len(boxes["rests"]), boxes["tiles"]) == (rests, tiles)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "agora"), (1, "1 s"), (59.9, "59 s"), (125, "2 min")]
)
def test_age_of_live_prices_is_short(run, seconds, text):
    assert run("core/time.js", f"m.shortAge({seconds})") == text


@pytest.mark.parametrize(("width", "names"), [(1000, ["two", "one"]), (90, ["two"]), (15, [])])
def test_treemap_has_the_labels_for_which_there_is_room(run, width, names):
    run("../../../node_modules/d3-hierarchy/dist/d3-hierarchy.min.js", "0")
    size = f"{{width: {width}, height: 200, labelHeight: 24}}"

    assert (
        run("market/treemap-geometry.js", f"[...m.layOut(m.grouped({ROWS}), {size}).groups.keys()]")
        == names
    )


@pytest.mark.parametrize(
    ("width", "height", "fit"),
    [
        (300, 200, {"size": "xl", "lines": 2}),
        (80, 60, {"size": "s", "lines": 2}),
        (60, 20, {"size": "s", "lines": 1}),
        (30, 200, {"size": "s", "lines": 0}),
        (300, 12, {"size": "s", "lines": 0}),
    ],
)
def test_text_of_a_treemap_fits_its_tile(run, width, height, fit):
    box = f"{{width: {width}, height: {height}}}"

    assert run("market/treemap-geometry.js", f"m.textFit({box}, 5, 9)") == fit


@pytest.mark.parametrize(
    ("change", "strength"), [("0.00", 0), ("-2.00", 50), ("9.00", 100), (None, 0)]
)
def test_strength_of_a_colour_grows_with_the_change(run, change, strength):
    assert run("market/treemap-geometry.js", f"m.strength({json.dumps(change)})") == strength


@pytest.mark.parametrize(
    ("start", "key", "end"),
    [
        ("a", "ArrowRight", "b"),
        ("a", "ArrowDown", "c"),
        ("b", "ArrowDown", "d"),
        ("c", "ArrowRight", "d"),
        ("d", "ArrowUp", "b"),
        ("d", "ArrowLeft", "c"),
        ("a", "ArrowLeft", None),
        ("a", "ArrowUp", None),
    ],
)
def test_arrow_keys_move_to_the_neighbour(run, start, key, end):
    boxes = """{
        a: {x: 0, y: 0, width: 50, height: 80}, b: {x: 50, y: 0, width: 50, height: 40},
        c: {x: 0, y: 80, width: 70, height: 20}, d: {x: 70, y: 40, width: 30, height: 60},
    }"""
    found = run(
        "market/treemap-geometry.js",
        f"""((boxes) => {{
            const box = m.neighbour(boxes.{start}, Object.values(boxes), "{key}");
            return Object.keys(boxes).find((name) => boxes[name] === box) ?? null;
        }})({boxes})""",
    )

    assert found == end


AREA_POINTS = [(0, "100.00"), (600, "104.00"), (1000, "102.00")]


@pytest.mark.parametrize(("by_time", "base"), [(True, Decimal("101.50")), (False, None)])
def test_area_chart_of_the_browser_is_that_of_the_server(run, by_time, base):
    chart = area_chart(AREA_POINTS, base=base, by_time=by_time)
    numbers = json.dumps([(at, float(price)) for at, price in AREA_POINTS])
    drawn = run(
        "market/area-geometry.js",
        f"m.areaChart({numbers}, {base or 'NaN'}, {{byTime: {json.dumps(by_time)}}})",
    )

    assert drawn["paths"] == asdict(chart.paths)
    assert drawn["baseAt"] is None or f"{drawn['baseAt']:.1f}%" == chart.base_at
    assert f"{drawn['places'][-1]['y']:.1f}%" == chart.last_at
    assert [(f"{y:.1f}%", Decimal(price)) for y, price in drawn["levels"]] == chart.levels
    assert [(f"{x:.1f}%", round(at)) for x, at in drawn["moments"]] == [
        (place, int(at.timestamp())) for place, at in chart.moments
    ]


@pytest.mark.parametrize(("low", "high"), [(167_989, 171_654), (9.97, 10.02), (0, 1), (100, 104)])
def test_levels_of_the_browser_are_those_of_the_server(run, low, high):
    prices = run("market/area-geometry.js", f"m.roundPrices({low}, {high})")

    assert prices == [float(price) for price in round_prices(low, high)]


@pytest.mark.parametrize(("x", "index"), [(-5, 0), (29, 0), (31, 1), (70, 1), (200, 2)])
def test_cursor_is_at_the_nearest_point(run, x, index):
    places = "[{x: 0}, {x: 60}, {x: 100}]"

    assert run("market/area-geometry.js", f"m.nearest({places}, {x})") == index


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ({"symbol": "PETR4", "price": "38.43", "volume": 1_000_000}, "38,4\N{NO-BREAK SPACE}mi"),
        ({"symbol": "PETR4", "price": "38.43", "volume": None}, NOTHING),
        ({"symbol": "PETR4", "price": None, "volume": 1_000_000}, NOTHING),
        ({"symbol": "IBOV", "price": "127000.00", "volume": 1_000_000}, NOTHING),
    ],
)
def test_volume_in_reais_is_unknown_without_shares_and_price(run, quote, text):
    assert run("market/quotes.js", f'm.fieldText({json.dumps(quote)}, "turnover")') == text


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ("{}", "sparklines=1&ticker=PETR4&ticker=VALE3"),
        ("{isRecordedOnly: true}", "sparklines=1&ticker=PETR4&ticker=VALE3&recorded=1"),
    ],
)
def test_closes_of_many_stocks_are_one_request(run, options, query):
    expression = f"""(async () => {{
        globalThis.fetch = async (url) => ({{ ok: true, json: async () => url }});
        return await m.fetchCloses("/candles/", ["PETR4", "VALE3"], {options});
    }})()"""
    assert run("market/candles.js", expression) == f"/candles/?{query}"


def test_closes_are_null_when_the_request_fails(run):
    expression = """(async () => {
        const closes = [];
        for (const reply of [() => Promise.reject(new TypeError()), async () => ({ ok: false })]) {
            globalThis.fetch = reply;
            closes.push(await m.fetchCloses("/candles/", ["PETR4"]));
        }
        return closes;
    })()"""
    assert run("market/candles.js", expression) == [None, None]


def test_a_holding_that_gets_its_first_quote_makes_no_jump(run):
    points = run(
        "portfolio/day-chart.js",
        """(() => {
            const chart = Object.create(m.DayChart.prototype);
            Object.assign(chart, { _base: 100, _points: [[0, 100], [60, 101]] });
            for (const base of [150, 150.001]) chart._setBase(base);
            return chart._points;
        })()""",
    )

    assert points == [[0, 150], [60, 151]]
