import json
from decimal import Decimal
from pathlib import Path

import pytest

from mainapp.market.tests.quotes import make_quote
from mainapp.portfolio.allocation import allocate, result_bars, share_bars, slices
from mainapp.portfolio.valuation import Holding, value_rows

# The same cases hold the browser's arithmetic in tests/e2e.
CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
AMOUNTS = ("previous_close", "year_low", "year_high")


def read_holding(fields):
    amounts = {name: Decimal(fields[name]) for name in ("preco_medio", "quantidade")}
    return Holding(**fields | amounts)


def read_quote(symbol, fields):
    if fields is None:
        return None
    amounts = {name: Decimal(fields[name]) for name in AMOUNTS if fields[name] is not None}
    return make_quote(symbol, fields["price"], **amounts)


def text(value):
    return f"{value:f}" if isinstance(value, Decimal) else value


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_valuation_matches_the_case(case):
    quotes = {symbol: read_quote(symbol, fields) for symbol, fields in case["quotes"].items()}
    valuation = value_rows(map(read_holding, case["holdings"]), quotes)
    allocation = allocate(valuation)

    for expected, valued, allocated in zip(
        case["rows"], valuation.rows, allocation.rows, strict=True
    ):
        assert expected == {
            name: text(getattr(valued if hasattr(valued, name) else allocated, name))
            for name in expected
        }
    assert case["totals"] == {
        name: text(getattr(valuation if hasattr(valuation, name) else allocation, name))
        for name in case["totals"]
    }
    assert list(valuation.left_out) == case["left_out"]
    bars = {
        symbol: [bar.start, bar.width, shares[symbol].actual, shares[symbol].ideal]
        for shares in [share_bars(allocation)]
        for symbol, bar in result_bars(valuation).items()
    }
    assert bars == case["bars"]
    for by, expected in case["groups"].items():
        assert [
            [piece.key, text(piece.total), text(piece.pct)] for piece in slices(valuation, by)
        ] == expected


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_change_of_a_quote_equals_the_one_sent_to_the_browser(case):
    for symbol, fields in case["quotes"].items():
        if fields:
            wire = read_quote(symbol, fields).to_wire()
            assert {name: wire[name] for name in fields} == fields
