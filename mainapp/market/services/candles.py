"""Candles: folding of recorded quotes, and deletion of wrong and old ones."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, QuerySet

from mainapp.market.kinds import QUOTE_KINDS
from mainapp.market.models import Candle, Stock
from mainapp.market.quotes import Quote, finite, is_of_future, is_out_of_range, latest_quoted_at
from mainapp.market.quotes.doubts import WILD_PCT, is_far
from mainapp.market.sessions import SAO_PAULO, is_session_day
from mainapp.market.symbols import market_of

# At a time: stocks whose old candles one query looks for, and rows that one transaction deletes.
PRUNED_STOCKS, PRUNED_ROWS = 50, 2_000
CANDLE_FIELDS = ["open", "high", "low", "close", "volume", "source"]


def write_candles(
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
            kind=settings.QUOTE_KIND,
            starts_at__in={starts_at for _quote, _interval, starts_at in slots},
        )
    }
    rows = []
    for quote, interval, starts_at in slots:
        stock = stocks[quote.symbol]
        candle = existing.get((stock.pk, interval, starts_at)) or Candle(
            stock=stock, interval=interval, starts_at=starts_at, kind=quote.kind
        )
        fold = _fold_day if interval == Candle.Interval.DAY else _fold_minute
        fold(candle, quote, last.get(quote.symbol))
        candle.close, candle.source = quote.price, quote.source
        candle.pk = None  # an upsert by slot must not name the old key
        rows.append(candle)
    Candle.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["stock", "kind", "interval", "starts_at"],
        update_fields=CANDLE_FIELDS,
    )


def _fold_day(candle: Candle, quote: Quote, last: Quote | None) -> None:
    """Fold a quote into a day: the source's high and low, extended by the observed prices.

    A day range that the same source has narrowed is a correction, and replaces the earlier one.
    """
    first, high, low = _believed_day(quote)
    opened = first or (candle.open if candle.pk else quote.price)
    seen = [quote.price, opened, *(price for price in (high, low) if price)]
    is_whole = candle.source == quote.source and high and low
    if candle.pk and not is_whole:
        seen += [candle.high, candle.low]
    candle.open, candle.high, candle.low = opened, max(seen), min(seen)
    candle.volume = quote.volume if quote.volume is not None else candle.volume


def _believed_day(quote: Quote) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the day's open, high and low without those far from all other prices of the reply.

    A source's day range may still contain a wrong price after the source has corrected the price.
    """
    first, high, low = finite(quote.open), finite(quote.high), finite(quote.low)
    known = [quote.price, *(price for price in [finite(quote.previous_close)] if price)]
    if first and all(is_far(first, price, WILD_PCT) for price in known):
        first = None
    known += [first] if first else []
    is_high_wild = is_far(high, max(known), WILD_PCT)
    is_low_wild = is_far(low, min(known), WILD_PCT)
    return first, None if is_high_wild else high, None if is_low_wild else low


def _fold_minute(candle: Candle, quote: Quote, last: Quote | None) -> None:
    """Fold a quote into a minute: the observed prices, and the increase of the day's volume."""
    growth = _volume_growth(last, quote)
    if not candle.pk:
        candle.open = candle.high = candle.low = quote.price
        candle.volume = growth
        return
    candle.high, candle.low = max(candle.high, quote.price), min(candle.low, quote.price)
    candle.volume = (candle.volume or 0) + growth


def _volume_growth(last: Quote | None, quote: Quote) -> Decimal | int:
    """Return the increase of the day's volume since `last`, 0 if it is unknown."""
    if last is None or last.volume is None or quote.volume is None or not _same_day(last, quote):
        return 0
    return max(0, quote.volume - last.volume)


def delete_future_candles(
    symbols: Iterable[str], last: Mapping[str, Quote], stocks: Mapping[str, Stock], at: datetime
) -> None:
    """Delete the candles that a clock which ran ahead left behind. No query if none did."""
    pks = [stocks[symbol].pk for symbol in symbols if is_of_future(last[symbol], at)]
    if pks:
        ahead = Candle.objects.filter(stock__in=pks, starts_at__gt=latest_quoted_at(at))
        ahead.filter(kind=settings.QUOTE_KIND).delete()


def delete_contradicted_candles(
    quotes: Iterable[Quote], stocks: Mapping[str, Stock], last: Mapping[str, Quote]
) -> None:
    """Delete today's candles with prices that a quote far from the last one shows to be wrong.

    The last price was wrong if it is outside the quote's day range, or far from its previous close
    while the quote is near it. The quote then starts a new candle for the day. No query without
    such a quote.
    """
    wrong = Q()
    for quote in quotes:
        before = last.get(quote.symbol)
        if before is None or not is_far(quote.price, before.price, WILD_PCT):
            continue
        low, high = _believed_range(quote)
        if quote.quoted_at and is_out_of_range(before.price, low=low, high=high):
            outside = Q(high__gt=high) if high else Q()
            outside |= Q(low__lt=low) if low else Q()
            today = Q(starts_at__gte=_midnight(quote.quoted_at))
            wrong |= Q(stock=stocks[quote.symbol]) & today & outside
    if wrong:
        Candle.objects.filter(wrong, kind=settings.QUOTE_KIND).delete()


def _believed_range(quote: Quote) -> tuple[Decimal | None, Decimal | None]:
    """Return the day range of a quote, else the range of prices near its previous close."""
    low, high, close = finite(quote.low), finite(quote.high), finite(quote.previous_close)
    if low or high or close is None or is_far(quote.price, close, WILD_PCT):
        return low, high
    distance = close * WILD_PCT / 100
    return close - distance, close + distance


def _was_traded(quote: Quote, quoted_at: datetime) -> bool:
    """Return whether the quote belongs in a candle.

    A price whose time is estimated on a Saturday, when it was first fetched, is Friday's.
    """
    if quote.simulated or not quote.quoted_at_estimated:
        return True
    return is_session_day(quoted_at.astimezone(SAO_PAULO).date(), market_of(quote.symbol))


def _same_day(first: Quote, second: Quote) -> bool:
    if first.quoted_at is None or second.quoted_at is None:
        return False
    return _midnight(first.quoted_at) == _midnight(second.quoted_at)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(SAO_PAULO).replace(hour=0, minute=0, second=0, microsecond=0)


def prune_candles(*, at: datetime) -> int:
    """Delete candles that are older than the settings allow; return their number.

    The rows are found by the index that begins with the stock, so that no index on the time is
    needed. Each chunk is a transaction of its own: a year of minutes has tens of millions of rows.
    """
    total = 0
    stocks = list(Stock.objects.order_by("pk").values_list("pk", flat=True))
    for interval, days in (
        (Candle.Interval.MINUTE, settings.KEEP_MINUTE_CANDLES_DAYS),
        (Candle.Interval.DAY, settings.KEEP_DAILY_CANDLES_DAYS),
    ):
        old = Candle.objects.filter(interval=interval, starts_at__lt=at - timedelta(days=days))
        for kind in QUOTE_KINDS:
            for start in range(0, len(stocks), PRUNED_STOCKS):
                some = stocks[start : start + PRUNED_STOCKS]
                total += _delete_in_chunks(old.filter(stock__in=some, kind=kind))
    return total


def _delete_in_chunks(old: QuerySet[Candle]) -> int:
    total, deleted = 0, PRUNED_ROWS
    while deleted == PRUNED_ROWS:
        chunk = list(old.values_list("pk", flat=True)[:PRUNED_ROWS])
        deleted = Candle.objects.filter(pk__in=chunk).delete()[0] if chunk else 0
        total += deleted
    return total
