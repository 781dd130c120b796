"""Factories for the market's models."""

from datetime import UTC, date, datetime
from decimal import Decimal
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model
from factory.declarations import LazyAttribute, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from mainapp.market.models import (
    Candle,
    CorporateEvent,
    IndexList,
    LastQuote,
    Membership,
    RejectedQuotes,
    Stock,
    Strength,
    Watchlist,
    WatchlistItem,
)
from mainapp.market.symbols import fold, is_pair, market_of, parse

Row = TypeVar("Row", bound=Model)

NOON = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # a Tuesday, noon in São Paulo


def ticker(n: int) -> str:
    """Return the n-th fictitious ticker: XAAA3, XAAB3, …"""
    letters = (ascii_uppercase[n // 26**place % 26] for place in (2, 1, 0))
    return f"X{''.join(letters)}3"


def kind_of(symbol: str) -> str:
    """Return the first kind that the symbol's suffix allows."""
    if is_pair(symbol):
        return "CRYPTO"
    parsed = parse(symbol)
    assert parsed, f"{symbol} is not a ticker"
    return parsed.kinds[0]


class RowFactory(DjangoModelFactory[Row]):
    class Meta:
        abstract = True

    if TYPE_CHECKING:
        # Calling a factory creates a row, which factory_boy's types do not express.
        def __new__(cls, **fields: Any) -> Row:  # type: ignore[misc] # does not return a factory
            raise NotImplementedError


class StockFactory(RowFactory[Stock]):
    """`StockFactory(symbol="PETR4", name="Petrobras")`; returns an existing symbol unchanged."""

    class Meta:
        model = Stock
        django_get_or_create = ("symbol",)

    symbol = Sequence(ticker)
    name = LazyAttribute(lambda stock: f"Empresa {stock.symbol}")
    search_text = LazyAttribute(lambda stock: fold(f"{stock.symbol} {stock.name}"))
    kind = LazyAttribute(lambda stock: kind_of(stock.symbol))
    market = LazyAttribute(lambda stock: market_of(stock.symbol))


class IndexListFactory(RowFactory[IndexList]):
    """Returns the existing list of that market and day unchanged."""

    class Meta:
        model = IndexList
        django_get_or_create = ("market", "as_of")

    market = "IBOV"
    as_of = date(2026, 1, 5)
    strength = Strength.OFFICIAL


class MembershipFactory(RowFactory[Membership]):
    """`MembershipFactory(stock=petr4, market="IBOV", as_of=day)` makes the list as well."""

    class Meta:
        model = Membership

    class Params:
        market = "IBOV"
        as_of = date(2026, 1, 5)

    stock = SubFactory(StockFactory)
    index_list = SubFactory(
        IndexListFactory, market=SelfAttribute("..market"), as_of=SelfAttribute("..as_of")
    )


class CorporateEventFactory(RowFactory[CorporateEvent]):
    """`CorporateEventFactory(stock=jbss3, kind="merger", successor=jbss32, ratio="0.5")`."""

    class Meta:
        model = CorporateEvent

    stock = SubFactory(StockFactory)
    kind = CorporateEvent.Kind.RENAME
    ex_on = date(2025, 6, 9)
    ratio = Decimal(1)
    strength = Strength.SEVERAL
    source = "fábrica"


class LastQuoteFactory(RowFactory[LastQuote]):
    class Meta:
        model = LastQuote

    stock = SubFactory(StockFactory)
    kind = "simulated"
    price = Decimal("38.42")
    previous_close = Decimal("38.21")
    quoted_at = NOON
    source = "simulated"


class CandleFactory(RowFactory[Candle]):
    class Meta:
        model = Candle

    stock = SubFactory(StockFactory)
    interval = Candle.Interval.DAY
    starts_at = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
    kind = "simulated"
    open = Decimal("38.00")
    high = Decimal("39.00")
    low = Decimal("37.50")
    close = Decimal("38.42")
    volume = 1000
    source = "simulated"


class RejectedQuotesFactory(RowFactory[RejectedQuotes]):
    class Meta:
        model = RejectedQuotes

    source = "yahoo"
    reason = "older"
    count = 1
    last_symbol = "PETR4"
    last_at = NOON


class WatchlistFactory(RowFactory[Watchlist]):
    """Requires an owner: `WatchlistFactory(owner=alice)`."""

    class Meta:
        model = Watchlist

    name = Sequence(lambda n: f"Lista {n}")
    share_key = Sequence(lambda n: f"share-{n}")


class WatchlistItemFactory(RowFactory[WatchlistItem]):
    class Meta:
        model = WatchlistItem

    watchlist = SubFactory(WatchlistFactory)
    stock = SubFactory(StockFactory)
    position = Sequence(lambda n: n)
