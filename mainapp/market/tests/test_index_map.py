from datetime import date
from decimal import Decimal

import pytest

from mainapp.market.selectors.index_map import IndexMap, MapRow, index_map
from mainapp.market.tests.factories import (
    IndexListFactory,
    LastQuoteFactory,
    MembershipFactory,
    StockFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)


def member(symbol, weight, *, as_of=date(2026, 1, 5), **fields):
    stock = StockFactory(symbol=symbol, **fields)
    MembershipFactory(stock=stock, as_of=as_of, weight_pct=weight and Decimal(weight))
    return stock


def symbols(on=TODAY):
    return [row.symbol for row in index_map(on=on).rows]


def test_rows_have_sector_weight_and_change():
    stock = member("PETR4", "8.5", name="Petrobras", sector="Petróleo, Gás e Biocombustíveis")
    LastQuoteFactory(stock=stock, price=Decimal(102), previous_close=Decimal(100))
    LastQuoteFactory(stock=stock, price=Decimal(1), kind="real")

    assert index_map(on=TODAY) == IndexMap(
        as_of=date(2026, 1, 5),
        rows=[
            MapRow(
                symbol="PETR4",
                name="Petrobras",
                group="Petróleo, Gás e Biocombustíveis",
                weight=Decimal("8.5"),
                change_pct=Decimal("2.00"),
            )
        ],
    )


def test_heaviest_stocks_come_first():
    member("ABEV3", "2")
    member("VALE3", "11")
    member("BBAS3", "2")

    assert symbols() == ["VALE3", "ABEV3", "BBAS3"]


def test_stock_without_a_price_has_no_change():
    member("PETR4", "8.5")

    assert index_map(on=TODAY).rows[0].change_pct is None


def test_newest_list_with_weights_is_shown():
    member("VALE3", "10", as_of=date(2025, 9, 1))
    member("PETR4", "8", as_of=date(2026, 1, 5))
    member("ITUB4", None, as_of=date(2026, 2, 2))
    IndexListFactory(as_of=date(2026, 3, 2))
    member("BBAS3", "9", as_of=date(2026, 4, 6))

    assert symbols() == ["PETR4"]
    assert index_map(on=TODAY).as_of == date(2026, 1, 5)
    assert symbols(date(2025, 12, 1)) == ["VALE3"]


def test_stocks_that_no_longer_trade_are_left_out():
    member("PETR4", "8")
    member("JBSS3", "7", is_active=False)
    member("ITUB4", None)

    assert symbols() == ["PETR4"]


def test_index_without_a_list_has_no_map():
    assert index_map(on=TODAY) == IndexMap(as_of=None, rows=[])


@pytest.mark.parametrize("count", [3, 30])
def test_map_costs_one_query(count, django_assert_num_queries):
    for _ in range(count):
        LastQuoteFactory(stock=MembershipFactory(weight_pct=Decimal(1)).stock)

    with django_assert_num_queries(1):
        assert len(index_map(on=TODAY).rows) == count
