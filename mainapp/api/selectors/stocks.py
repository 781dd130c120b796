"""Stocks as the API filters and orders them."""

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
from mainapp.market.selectors.boards import MARKETS, MAX_WORDS
from mainapp.market.symbols import fold

PERCENT = DecimalField(max_digits=24, decimal_places=6)


def stocks_matching(query: Mapping[str, Any]) -> QuerySet[Stock]:
    """Return the active stocks of a `StockQuery`, ordered, none twice."""
    last = FilteredRelation("last_quotes", condition=Q(last_quotes__simulated=settings.SIMULATED))
    change = (F("last__price") - F("last__previous_close")) * Value(Decimal(100))
    found = Stock.objects.filter(MARKETS[query["market"]], is_active=True).annotate(
        last=last,
        price=F("last__price"),
        change_pct=ExpressionWrapper(change / F("last__previous_close"), PERCENT),
    )
    for word in fold(query.get("q", "")).split()[:MAX_WORDS]:
        found = found.filter(search_text__contains=word)
    for name in ("sector", "kind"):
        if name in query:
            found = found.filter(**{name: query[name]})
    return _ordered(_within(found, query), query["ordering"])


def _within(found: QuerySet[Stock], query: Mapping[str, Any]) -> QuerySet[Stock]:
    for name, field in (("price", "price"), ("change", "change_pct")):
        for end, lookup in (("min", "gte"), ("max", "lte")):
            if (limit := query.get(f"{name}_{end}")) is not None:
                found = found.filter(**{f"{field}__{lookup}": limit})
    return found


def _ordered(found: QuerySet[Stock], ordering: str) -> QuerySet[Stock]:
    field = F(ordering.lstrip("-"))
    first = field.desc(nulls_last=True) if ordering[0] == "-" else field.asc(nulls_last=True)
    return found.order_by(first, "symbol")
