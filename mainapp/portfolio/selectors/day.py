"""The value of a portfolio over the day."""

from decimal import Decimal
from itertools import groupby

from mainapp.market.rendering import AreaChart, Point, area_chart
from mainapp.market.selectors.candles import sparkline_points
from mainapp.portfolio.selectors.page import Portfolio
from mainapp.portfolio.valuation import add, times


def day_chart(portfolio: Portfolio) -> AreaChart:
    """Draw today's value of the holdings that have a previous close, from that close. One query.

    A holding counts with its previous close until its first price of the day.
    """
    rows = {row.holding.symbol: row for row in portfolio.valuation.rows if row.previous_total}
    points = sparkline_points(portfolio.quotes[symbol] for symbol in rows)
    prices = sorted(
        (at, symbol, price) for symbol, prices in points.items() for at, price in prices
    )
    worth = {symbol: row.previous_total or Decimal(0) for symbol, row in rows.items()}
    base = add(worth.values())
    values: list[Point] = []
    for at, changes in groupby(prices, key=lambda change: change[0]):
        for _at, symbol, price in changes:
            worth[symbol] = times(Decimal(price), rows[symbol].holding.quantidade)
        values.append((at, f"{add(worth.values()):f}"))
    return area_chart(values, base=base if values else None, by_time=True)
