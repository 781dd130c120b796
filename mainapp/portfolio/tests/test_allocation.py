from decimal import Decimal

from mainapp.market.tests.quotes import make_quote
from mainapp.portfolio.allocation import Order, allocate, slices
from mainapp.portfolio.valuation import Holding, value_rows

D = Decimal


def valued(**rows):
    """Return a valuation of `SYMBOL=(price or None, quantity, nota, *fields)`."""
    holdings = [
        Holding(symbol=symbol, quantidade=D(quantity), preco_medio=D(1), nota=nota, **fields)
        for symbol, (_, quantity, nota, fields) in rows.items()
    ]
    quotes = {symbol: make_quote(symbol, price) for symbol, (price, *_) in rows.items() if price}
    return value_rows(holdings, quotes)


def test_ideal_is_the_share_of_the_nota_in_the_total_value():
    allocation = allocate(valued(PETR4=("40", 100, 1, {}), VALE3=("60", 100, 3, {})))

    petr4, vale3 = allocation.rows
    assert (petr4.actual_pct, petr4.ideal_pct, petr4.ideal) == (D(40), D(25), D(2500))
    assert (petr4.difference, petr4.order) == (D(-1500), Order.WAIT)
    assert (vale3.difference, vale3.order) == (D(1500), Order.BUY)


def test_ideal_uses_the_exact_share_not_the_rounded_percentage():
    allocation = allocate(valued(PETR4=("10000", 100, 1, {}), VALE3=("20000", 100, 2, {})))
    assert allocation.rows[0].ideal == 1_000_000
    assert allocation.rows[0].ideal_pct == D("33.33")


def test_a_nota_without_a_quote_does_not_count():
    allocation = allocate(valued(PETR4=("40", 100, 5, {}), NADA3=(None, 100, 5, {})))

    assert allocation.rows[0].ideal_pct == 100
    nothing = allocation.rows[1]
    assert (nothing.actual_pct, nothing.ideal_pct, nothing.order) == (None, None, None)


def test_ideal_is_none_without_any_nota():
    allocation = allocate(valued(PETR4=("40", 100, 0, {}), VALE3=("60", 100, 0, {})))

    assert [row.ideal for row in allocation.rows] == [None, None]
    assert [row.order for row in allocation.rows] == [Order.WAIT, Order.WAIT]
    assert (allocation.ideal_pct, allocation.difference) == (None, None)
    assert allocation.actual_pct == 100


def test_totals_add_the_rounded_rows():
    rows = {f"AAA{letter}3": ("10", 1, 1, {}) for letter in "ABCDEFG"}
    allocation = allocate(valued(**rows))

    assert allocation.ideal_pct == allocation.actual_pct == D("100.03")
    assert allocation.ideal == sum(row.ideal or D(0) for row in allocation.rows) == 70


def test_slices_are_grouped_and_sorted_by_size():
    valuation = valued(
        PETR4=("40", 100, 1, {"sector": "Petróleo", "kind": "PN"}),
        BOVA11=("100", 10, 1, {"kind": "ETF"}),
        PETR3=("40", 25, 1, {"sector": "Petróleo", "kind": "ON"}),
        VALE3=("60", 0, 1, {"sector": "Mineração", "kind": "ON"}),
        NADA3=(None, 10, 1, {"sector": "Nada", "kind": "ON"}),
    )

    assert [(piece.key, piece.total) for piece in slices(valuation, "sector")] == [
        ("Petróleo", D(5000)),
        ("", D(1000)),
    ]
    assert [piece.key for piece in slices(valuation, "symbol")] == ["PETR4", "BOVA11", "PETR3"]
    assert [(piece.key, piece.pct) for piece in slices(valuation, "kind")] == [
        ("PN", D("66.67")),
        ("ETF", D("16.67")),
        ("ON", D("16.67")),
    ]
