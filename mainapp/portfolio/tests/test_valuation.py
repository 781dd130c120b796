from decimal import Decimal

import pytest

from mainapp.market.tests.quotes import make_quote
from mainapp.portfolio.valuation import (
    Holding,
    Position,
    SoldMoreThanHeld,
    after_buy,
    after_sale,
    to_cents,
    value_rows,
)

D = Decimal


def held(quantity="100", average="30"):
    return Position(quantidade=D(quantity), preco_medio=D(average))


def holding(symbol="PETR4", quantity="100", average="30", nota=5):
    return Holding(symbol=symbol, quantidade=D(quantity), preco_medio=D(average), nota=nota)


def test_a_purchase_averages_by_quantity():
    assert after_buy(held("100", "30"), quantity=D(50), price=D("36")) == held("150", "32")


def test_the_costs_of_a_purchase_count_in_its_price():
    after = after_buy(held("100", "30"), quantity=D(100), price=D("30"), costs=D("1.01"))
    assert after == held("200", "30.00505")


def test_an_average_is_rounded_half_up_to_eight_places():
    after = after_buy(held("2", "0.00000001"), quantity=D(2), price=D("0.00000002"))
    assert after.preco_medio == D("0.00000002")
    third = after_buy(held("1", "1"), quantity=D(2), price=D("2"))
    assert third.preco_medio == D("1.66666667")


def test_a_purchase_after_selling_out_ignores_the_old_average():
    assert after_buy(held("0", "99"), quantity=D(10), price=D("20")) == held("10", "20")


def test_an_average_of_the_largest_numbers_is_exact():
    most = D("9999999999.99999999")
    after = after_buy(held(str(most), str(most)), quantity=D("0.00000001"), price=most)
    assert after == Position(quantidade=D("10000000000.00000000"), preco_medio=most)


def test_a_partial_sale_leaves_the_average():
    assert after_sale(held("100", "30.12345678"), quantity=D("99.5")) == held("0.5", "30.12345678")


def test_selling_out_resets_the_average():
    assert after_sale(held("100", "30"), quantity=D("100.00000000")) == held("0", "0")


def test_more_than_held_cannot_be_sold():
    with pytest.raises(SoldMoreThanHeld):
        after_sale(held("100"), quantity=D("100.00000001"))


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_a_trade_needs_a_positive_quantity(quantity):
    with pytest.raises(ValueError, match="must be above 0"):
        after_buy(held(), quantity=D(quantity), price=D(1))
    with pytest.raises(ValueError, match="must be above 0"):
        after_sale(held(), quantity=D(quantity))


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("0.0049999999999999999999999999999999", "0.00"),
        ("-0.004", "0.00"),
        ("123456789012345678901234567890123.455", "123456789012345678901234567890123.46"),
    ],
)
def test_amounts_are_rounded_half_up_without_a_negative_zero(amount, cents):
    assert str(to_cents(D(amount))) == cents


@pytest.mark.parametrize("price", ["NaN", "Infinity", "0", "-1"])
def test_a_row_with_an_invalid_price_is_left_out(price):
    valuation = value_rows([holding()], {"PETR4": make_quote(price=price)})

    assert valuation.left_out == ("PETR4",)
    assert valuation.total_value == valuation.cost == valuation.result == 0
    assert valuation.rows[0].cost == 3000


def test_a_zero_quantity_is_worth_nothing_and_counts():
    valuation = value_rows([holding(quantity="0")], {"PETR4": make_quote(previous_close=D(38))})

    row = valuation.rows[0]
    assert (row.total, row.result, row.result_pct, row.day_change) == (D(0), D(0), None, D(0))
    assert valuation.left_out == ()


def test_a_missing_quote_leaves_its_cost_out_of_the_result():
    rows = [holding(), holding("NADA3", "1000", "50")]
    valuation = value_rows(rows, {"PETR4": make_quote(price="40")})

    assert (valuation.total_value, valuation.cost, valuation.result) == (D(4000), D(3000), D(1000))
    assert valuation.left_out == ("NADA3",)


def test_rows_keep_the_given_order():
    rows = [holding("VALE3"), holding("ABEV3"), holding("PETR4")]
    assert [row.holding.symbol for row in value_rows(rows, {}).rows] == ["VALE3", "ABEV3", "PETR4"]
