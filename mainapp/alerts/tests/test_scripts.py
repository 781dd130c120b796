"""The scripts of alerts under node: the same words and measures as on the server."""

import json
from decimal import Decimal

import pytest

from mainapp.alerts.rendering import distance_text, nearness
from mainapp.market.rendering import level_chart
from mainapp.market.tests.conftest import run  # noqa: F401 - a fixture
from mainapp.market.tests.quotes import make_quote

CASES = [
    ("compra", "36.00", "38.42"),
    ("compra", "36.00", "36.00"),
    ("compra", "36.00", "35.10"),
    ("venda", "40.00", "38.42"),
    ("venda", "400.00", "38.42"),
    ("change_up_pct", "9.00", "38.42"),
    ("change_up_pct", "2.00", "35.00"),
    ("change_down_pct", "2.50", "38.42"),
    ("change_down_pct", "2.50", "35.30"),
    ("venda", "0.00012400", "0.00012345"),
    ("compra", "0.00012345", "0.00012345"),
    ("venda", "350000.50", "345678.12"),
]


@pytest.mark.parametrize(("kind", "limit", "price"), CASES)
def test_browser_has_the_distance_of_the_server(run, kind, limit, price):  # noqa: F811 - the fixture
    quote = make_quote("PETR4", price, previous_close=Decimal("36.00"))
    arguments = ", ".join(map(json.dumps, (kind, limit, quote.to_wire())))

    assert run("alerts/distance.js", f"[m.nearness({arguments}), m.distanceText({arguments})]") == [
        nearness(kind, Decimal(limit), quote),
        distance_text(kind, Decimal(limit), quote),
    ]


@pytest.mark.parametrize(
    ("price", "share", "value"),
    [
        ("29.18", -5, "27.72"),
        ("29.18", 10, "32.10"),
        ("0.01", -3, "0.01"),
        ("171654", 3, "176803.62"),
        ("0.00012345", 10, "0.00013580"),
    ],
)
def test_quick_values_are_exact(run, price, share, value):  # noqa: F811 - the fixture
    assert run("alerts/quick-values.js", f"m.quickValue('{price}', {share})") == value


@pytest.mark.parametrize("level", ["39.50", "41.00", "1.00"])
def test_limits_are_where_the_server_draws_them(run, level):  # noqa: F811 - the fixture
    points = [(0, "39.20"), (600, "39.80"), (1200, "40.00")]
    chart = level_chart(points, [Decimal(level)], base=Decimal("39.00"))
    numbers = json.dumps([[at, float(price)] for at, price in points])

    scale = run("market/sparkline.js", f"m.sparklineScale({numbers}, 39)")
    edge = run("alerts/chart.js", f"m.edgeOf({level}, {json.dumps(scale)})")
    y = run("market/quotes.js", f"m.priceY({level}, {json.dumps(scale)}, 28)")

    assert chart.levels == [("" if edge else y, edge)]
