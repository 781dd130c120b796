"""Recording of quotes and their candles in one transaction."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from mainapp.market.models import LastQuote, RejectedQuotes, Stock
from mainapp.market.quotes import (
    Quote,
    Rejection,
    column_fields,
    finite,
    rejection,
    stamped,
)
from mainapp.market.quotes.completion import completed
from mainapp.market.quotes.reported import EventFault
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services.candles import (
    delete_contradicted_candles,
    delete_future_candles,
    write_candles,
)
from mainapp.market.services.doubts import BatchDoubts
from mainapp.market.signals import quotes_recorded

QUOTE_FIELDS = [field.name for field in column_fields(Quote)]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The committed quotes, and the numbers of rejected ones by source and reason.

    `quotes` contains the last quote of a stock again if its `doubtful_price` changed.
    """

    quotes: list[Quote]
    rejected: Counter[tuple[str, Rejection]]


def record_quotes(*, quotes: Iterable[Quote], at: datetime) -> Recorded:
    """Commit the newest quote of each known symbol, and its candles of the day and the minute.

    Prices are Decimal in the stock's currency; times are aware UTC, from the source or of the first
    fetch with this price. Rejected quotes are counted by source and reason; a price far from the
    last one waits for a confirmation. Receivers of `quotes_recorded` run inside the transaction,
    for the accepted quotes only. Safe to repeat. The number of queries does not depend on the
    number of quotes (except that SQLite splits long writes).
    """
    batch = list(quotes)
    symbols = {quote.symbol for quote in batch}
    with transaction.atomic():
        stocks = _locked_stocks(symbols)
        last = last_quotes(symbols)
        doubts = BatchDoubts(batch, stocks=stocks, last=last, at=at)
        accepted, rejected = _check_batch(batch, stocks, last, doubts, at)
        changed = [quote for quote in accepted if quote != last.get(quote.symbol)]
        delete_future_candles((q.symbol for q in accepted if q.symbol in last), last, stocks, at)
        delete_contradicted_candles(changed, stocks, last)
        doubted = doubts.save(accepted)
        _write_last_quotes([*changed, *doubted], stocks)
        write_candles(changed, stocks, last)
        _count_rejected(rejected, at)
        quotes_recorded.send(
            sender=None,
            quotes=accepted,
            last=last,
            stocks=stocks,
            at=at,
            splits=frozenset(doubts.explained),
        )
    counts = Counter((quote.source, reason) for quote, reason in rejected)
    return Recorded([*accepted, *doubted], counts)


def _check_batch(
    batch: Iterable[Quote],
    stocks: Mapping[str, Stock],
    last: Mapping[str, Quote],
    doubts: BatchDoubts,
    at: datetime,
) -> tuple[list[Quote], list[tuple[Quote, Rejection]]]:
    """Return the newest accepted quote of each symbol, and the rejected quotes with the reason."""
    newest: dict[str, Quote] = {}
    rejected: list[tuple[Quote, Rejection]] = []
    for received in batch:
        stock = stocks.get(received.symbol)
        quote = _prepared(received, stock, last) if stock else received
        before = newest.get(quote.symbol) or last.get(quote.symbol)
        reason = _rejection(quote, stock, before, at)
        if reason is None and doubts.is_doubtful(quote, before):
            reason = "doubtful"
        if reason is None and stock is not None:
            named = replace(quote, name=stock.name, currency=stock.currency)
            newest[quote.symbol] = stamped(named, last=last.get(quote.symbol), at=at)
        elif reason is not None:
            rejected.append((quote, reason))
    return list(newest.values()), rejected


def _prepared(quote: Quote, stock: Stock, last: Mapping[str, Quote]) -> Quote:
    """Return the quote with the stock's places.

    Of a pair, a reply may lack the previous close or the range of the day, which do not change.
    """
    if stock.market == Stock.Market.CRIPTO:
        quote = completed(quote, last.get(quote.symbol))
    return quote.at_places(stock.price_places)


def _locked_stocks(symbols: Collection[str]) -> dict[str, Stock]:
    """Return the stocks, locked until the commit, so that concurrent batches wait.

    SQLite has no row locks, but allows only one writing transaction at a time.
    """
    stocks = Stock.objects.filter(symbol__in=symbols).order_by("symbol")
    return {stock.symbol: stock for stock in stocks.select_for_update(no_key=True)}


def _rejection(
    quote: Quote, stock: Stock | None, last: Quote | None, at: datetime
) -> Rejection | None:
    if stock is None:
        return "unknown_symbol"
    if quote.kind != settings.QUOTE_KIND:
        return "foreign"
    return rejection(quote, last=last, at=at, currency=stock.currency)


def _write_last_quotes(quotes: list[Quote], stocks: Mapping[str, Stock]) -> None:
    rows = [
        LastQuote(
            stock=stocks[quote.symbol],
            **{name: finite(getattr(quote, name)) for name in QUOTE_FIELDS},
        )
        for quote in quotes
    ]
    LastQuote.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["stock", "kind"],
        update_fields=[name for name in QUOTE_FIELDS if name != "kind"],
    )


def _count_rejected(rejected: list[tuple[Quote, Rejection]], at: datetime) -> None:
    by_reason: dict[tuple[str, Rejection], list[Quote]] = {}
    for quote, reason in rejected:
        by_reason.setdefault((quote.source, reason), []).append(quote)
    for (source, reason), quotes in by_reason.items():
        symbol = quotes[-1].symbol
        count_rejections(source=source, reason=reason, symbol=symbol, count=len(quotes), at=at)


def count_rejections(
    *, source: str, reason: Rejection | EventFault, symbol: str, count: int, at: datetime
) -> None:
    """Add to the number of a source's rejected quotes; `symbol` is that of the last one."""
    last = {"last_symbol": symbol[:12], "last_at": at}
    row, is_new = RejectedQuotes.objects.get_or_create(
        source=source, reason=reason, defaults=last | {"count": count}
    )
    if not is_new:
        RejectedQuotes.objects.filter(pk=row.pk).update(count=F("count") + count, **last)
