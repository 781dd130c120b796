from datetime import timedelta
from decimal import Decimal

import pytest

from mainapp.market.models import Candle
from mainapp.market.tests.factories import NOON, CandleFactory, LastQuoteFactory, StockFactory
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors.day import day_chart
from mainapp.portfolio.selectors.page import portfolio_of

pytestmark = pytest.mark.django_db
AT_NOON = int(NOON.timestamp())


def hold(user, symbol, quantity, *, price, previous_close):
    stock = StockFactory(symbol=symbol)
    Carteira.objects.create(
        owner=user, ativo=stock, quantidade=quantity, preco_medio=Decimal(1), nota=5
    )
    LastQuoteFactory(stock=stock, price=Decimal(price), previous_close=previous_close)
    return stock


def close(stock, price, *, minutes):
    CandleFactory(
        stock=stock,
        interval=Candle.Interval.MINUTE,
        starts_at=NOON - timedelta(minutes=minutes),
        close=Decimal(price),
    )


def test_value_of_the_day_adds_all_holdings(alice):
    petr4 = hold(alice, "PETR4", 10, price="12.00", previous_close=Decimal(10))
    vale3 = hold(alice, "VALE3", 2, price="55.00", previous_close=Decimal(50))
    close(petr4, "11.00", minutes=20)
    close(vale3, "52.50", minutes=10)

    chart = day_chart(portfolio_of(alice))

    assert chart.base == Decimal("200.00")
    assert chart.points == [
        (AT_NOON - 1200, "210.00"),  # VALE3 counts with its previous close
        (AT_NOON - 600, "215.00"),
        (AT_NOON, "230.00"),
    ]


def test_holding_without_a_previous_close_is_left_out(alice):
    stock = hold(alice, "PETR4", 10, price="12.00", previous_close=None)
    close(stock, "11.00", minutes=20)

    chart = day_chart(portfolio_of(alice))

    assert (chart.points, chart.base) == ([], None)


@pytest.mark.parametrize("count", [1, 8])
def test_chart_costs_one_query(alice, django_assert_num_queries, count):
    for n in range(count):
        hold(alice, f"XAA{'ABCDEFGH'[n]}3", 1, price="2.00", previous_close=Decimal(1))
    portfolio = portfolio_of(alice)

    with django_assert_num_queries(1):
        day_chart(portfolio)
