"""Recording of quotes and their candles in one transaction."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F

from mainapp.market.models import Candle, LastQuote, RejectedQuotes, Stock
from mainapp.market.quotes import (
    Quote,
    Rejection,
    column_fields,
    is_of_future,
    latest_quoted_at,
    rejection,
    stamped,
)
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import is_session_day
from mainapp.market.signals import quotes_recorded

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
QUOTE_FIELDS = [field.name for field in column_fields(Quote)]
CANDLE_FIELDS = ["open", "high", "low", "close", "volume", "source"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The committed quotes, and the numbers of rejected ones by source and reason."""

    quotes: list[Quote]
    rejected: Counter[tuple[str, Rejection]]


def record_quotes(*, quotes: Iterable[Quote], at: datetime) -> Recorded:
    """Commit the newest quote of each known symbol, and its candles of the day and the minute.

    Prices are Decimal in the stock's currency; times are aware UTC, from the source or of the first
    fetch with this price. Rejected quotes are counted by source and reason. Receivers of
    `quotes_recorded` run inside the transaction. Safe to repeat. The number of queries does not
    depend on the number of quotes (except that SQLite splits long writes).
    """
    batch = list(quotes)
    symbols = {quote.symbol for quote in batch}
    with transaction.atomic():
        stocks = _locked_stocks(symbols)
        last = last_quotes(symbols)
        newest: dict[str, Quote] = {}
        refused: list[tuple[Quote, Rejection]] = []
        for quote in batch:
            stock = stocks.get(quote.symbol)
            before = newest.get(quote.symbol) or last.get(quote.symbol)
            reason = _refusal(quote, stock, before, at)
            if reason is None and stock is not None:
                named = replace(quote, name=stock.name, currency=stock.currency)
                newest[quote.symbol] = stamped(named, last=last.get(quote.symbol), at=at)
            elif reason is not None:
                refused.append((quote, reason))
        accepted = list(newest.values())
        changed = [quote for quote in accepted if quote != last.get(quote.symbol)]
        _delete_future_candles(newest.keys() & last.keys(), last, stocks, at)
        _write_last_quotes(changed, stocks)
        _write_candles(changed, stocks, last)
        _count_refused(refused, at)
        quotes_recorded.send(sender=None, quotes=accepted, last=last, stocks=stocks, at=at)
    return Recorded(accepted, Counter((quote.source, reason) for quote, reason in refused))


def prune_candles(*, at: datetime) -> int:
    """Delete candles that are older than the settings allow; return their number."""
    total = 0
    for interval, days in (
        (Candle.Interval.MINUTE, settings.KEEP_MINUTE_CANDLES_DAYS),
        (Candle.Interval.DAY, settings.KEEP_DAILY_CANDLES_DAYS),
    ):
        old = Candle.objects.filter(interval=interval, starts_at__lt=at - timedelta(days=days))
        total += old.delete()[0]
    return total


def _locked_stocks(symbols: Collection[str]) -> dict[str, Stock]:
    """Return the stocks, locked until the commit, so that concurrent batches wait.

    SQLite has no row locks, but allows only one writing transaction at a time.
    """
    stocks = Stock.objects.filter(symbol__in=symbols).order_by("symbol")
    return {stock.symbol: stock for stock in stocks.select_for_update(no_key=True)}


def _refusal(
    quote: Quote, stock: Stock | None, last: Quote | None, at: datetime
) -> Rejection | None:
    if stock is None:
        return "unknown_symbol"
    if quote.simulated != settings.SIMULATED:
        return "foreign"
    return rejection(quote, last=last, at=at, currency=stock.currency)


def _write_last_quotes(quotes: list[Quote], stocks: Mapping[str, Stock]) -> None:
    rows = [
        LastQuote(
            stock=stocks[quote.symbol],
            **{name: _finite(getattr(quote, name)) for name in QUOTE_FIELDS},
        )
        for quote in quotes
    ]
    LastQuote.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["stock", "simulated"],
        update_fields=[name for name in QUOTE_FIELDS if name != "simulated"],
    )


def _write_candles(
    quotes: list[Quote], stocks: Mapping[str, Stock], last: Mapping[str, Quote]
) -> None:
    """Fold each changed quote into its day and its minute. One read, one write."""
    slots = [
        (quote, interval, starts_at)
        for quote in quotes
        if quote.quoted_at and _was_traded(quote, quote.quoted_at)
        for interval, starts_at in (
            (Candle.Interval.DAY, _midnight(quote.quoted_at)),
            (Candle.Interval.MINUTE, quote.quoted_at.replace(second=0, microsecond=0)),
        )
    ]
    existing = {
        (candle.stock_id, candle.interval, candle.starts_at): candle
        for candle in Candle.objects.filter(
            stock__in=[stocks[quote.symbol].pk for quote in quotes],
            simulated=settings.SIMULATED,
            starts_at__in={starts_at for _quote, _interval, starts_at in slots},
        )
    }
    rows = []
    for quote, interval, starts_at in slots:
        stock = stocks[quote.symbol]
        candle = existing.get((stock.pk, interval, starts_at)) or Candle(
            stock=stock, interval=interval, starts_at=starts_at, simulated=quote.simulated
        )
        fold = _fold_day if interval == Candle.Interval.DAY else _fold_minute
        fold(candle, quote, last.get(quote.symbol))
        candle.close, candle.source = quote.price, quote.source
        candle.pk = None  # an upsert by slot must not name the old key
        rows.append(candle)
    Candle.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["stock", "simulated", "interval", "starts_at"],
        update_fields=CANDLE_FIELDS,
    )


def _fold_day(candle: Candle, quote: Quote, last: Quote | None) -> None:
    """Fold a quote into a day: the source's high and low, extended by the observed prices."""
    opened = _finite(quote.open) or (candle.open if candle.pk else quote.price)
    seen = [quote.price, opened, *(x for x in (_finite(quote.high), _finite(quote.low)) if x)]
    if candle.pk:
        seen += [candle.high, candle.low]
    candle.open, candle.high, candle.low = opened, max(seen), min(seen)
    candle.volume = quote.volume if quote.volume is not None else candle.volume


def _fold_minute(candle: Candle, quote: Quote, last: Quote | None) -> None:
    """Fold a quote into a minute: the observed prices, and the increase of the day's volume."""
    growth = _volume_growth(last, quote)
    if not candle.pk:
        candle.open = candle.high = candle.low = quote.price
        candle.volume = growth
        return
    candle.high, candle.low = max(candle.high, quote.price), min(candle.low, quote.price)
    candle.volume = (candle.volume or 0) + growth


def _volume_growth(last: Quote | None, quote: Quote) -> int:
    """Return the increase of the day's volume since `last`, 0 if it is unknown."""
    if last is None or last.volume is None or quote.volume is None or not _same_day(last, quote):
        return 0
    return max(0, quote.volume - last.volume)


def _delete_future_candles(
    symbols: Iterable[str], last: Mapping[str, Quote], stocks: Mapping[str, Stock], at: datetime
) -> None:
    """Delete the candles that a clock which ran ahead left behind. No query if none did."""
    pks = [stocks[symbol].pk for symbol in symbols if is_of_future(last[symbol], at)]
    if pks:
        ahead = Candle.objects.filter(stock__in=pks, starts_at__gt=latest_quoted_at(at))
        ahead.filter(simulated=settings.SIMULATED).delete()


def _count_refused(refused: list[tuple[Quote, Rejection]], at: datetime) -> None:
    by_reason: dict[tuple[str, Rejection], list[Quote]] = {}
    for quote, reason in refused:
        by_reason.setdefault((quote.source, reason), []).append(quote)
    for (source, reason), quotes in by_reason.items():
        last = {"last_symbol": quotes[-1].symbol[:12], "last_at": at}
        row, is_new = RejectedQuotes.objects.get_or_create(
            source=source, reason=reason, defaults=last | {"count": len(quotes)}
        )
        if not is_new:
            RejectedQuotes.objects.filter(pk=row.pk).update(count=F("count") + len(quotes), **last)


def _was_traded(quote: Quote, quoted_at: datetime) -> bool:
    """Return whether the quote belongs in a candle.

    A price whose time is estimated on a Saturday, when it was first fetched, is Friday's.
    """
    if quote.simulated or not quote.quoted_at_estimated:
        return True
    return is_session_day(quoted_at.astimezone(SAO_PAULO).date())


def _same_day(first: Quote, second: Quote) -> bool:
    if first.quoted_at is None or second.quoted_at is None:
        return False
    return _midnight(first.quoted_at) == _midnight(second.quoted_at)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(SAO_PAULO).replace(hour=0, minute=0, second=0, microsecond=0)


def _finite(value: Any) -> Any:
    """Return a column's value: None for NaN and infinities."""
    is_finite = getattr(value, "is_finite", None)
    return None if is_finite is not None and not is_finite() else value
