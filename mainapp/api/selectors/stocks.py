"""Filtering and ordering of stocks for the API."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import (
    DecimalField,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Q,
    QuerySet,
    Value,
)

from mainapp.market.models import Stock
from mainapp.market.selectors.listing import in_market, matching
from mainapp.market.symbols import fold

PERCENT = DecimalField(max_digits=24, decimal_places=6)


def stocks_matching(query: Mapping[str, Any]) -> QuerySet[Stock]:
    """Return the active stocks that match a `StockQuery`, in its order, without duplicates."""
    last = FilteredRelation("last_quotes", condition=Q(last_quotes__kind=settings.QUOTE_KIND))
    change = (F("last__price") - F("last__previous_close")) * Value(Decimal(100))
    stocks = Stock.objects.filter(in_market(query["market"]), is_active=True).annotate(
        last=last,
        price=F("last__price"),
        change_pct=ExpressionWrapper(change / F("last__previous_close"), PERCENT),
    )
    stocks = stocks.filter(matching(fold(query.get("q", "")).split()))
    for name in ("sector", "kind"):
        if name in query:
            stocks = stocks.filter(**{name: query[name]})
    return _ordered(_within(stocks, query), query["ordering"])


def _within(stocks: QuerySet[Stock], query: Mapping[str, Any]) -> QuerySet[Stock]:
    for name, field in (("price", "price"), ("change", "change_pct")):
        for end, lookup in (("min", "gte"), ("max", "lte")):
            if (limit := query.get(f"{name}_{end}")) is not None:
                stocks = stocks.filter(**{f"{field}__{lookup}": limit})
    return stocks


def _ordered(stocks: QuerySet[Stock], ordering: str) -> QuerySet[Stock]:
    field = F(ordering.lstrip("-"))
    first = field.desc(nulls_last=True) if ordering[0] == "-" else field.asc(nulls_last=True)
    return stocks.order_by(first, "symbol")
