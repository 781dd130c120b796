"""The scripts of alerts under node: the same words and measures as on the server."""

import json
from decimal import Decimal

import pytest

from mainapp.alerts.rendering import distance_text, nearness
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
]


@pytest.mark.parametrize(("kind", "limit", "price"), CASES)
def test_browser_has_the_distance_of_the_server(run, kind, limit, price):  # noqa: F811 - the fixture
    quote = make_quote("PETR4", price, previous_close=Decimal("36.00"))
    arguments = ", ".join(map(json.dumps, (kind, limit, quote.to_wire())))

    assert run("alerts/distance.js", f"[m.nearness({arguments}), m.distanceText({arguments})]") == [
        nearness(kind, Decimal(limit), quote),
        distance_text(kind, Decimal(limit), quote),
    ]
