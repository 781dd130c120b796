"""Doubtful prices of a batch, held back until they are confirmed or explained."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from mainapp.market.models import DoubtfulPrice, Stock
from mainapp.market.quotes import Quote
from mainapp.market.quotes.doubts import (
    Doubt,
    broken_sources,
    is_confirmed,
    is_wild,
    renewed_doubt,
)
from mainapp.market.selectors.explanations import explained_by_event, explaining_events


class BatchDoubts:
    """The doubts about the prices of one batch, inside the transaction that records them.

    Doubts are rows, so that they survive the worker. Cost: two queries if a price is far from the
    last one, one if an earlier doubt may end or a stock has no quote yet, two for changed doubts.
    """

    def __init__(
        self,
        batch: Collection[Quote],
        *,
        stocks: Mapping[str, Stock],
        last: Mapping[str, Quote],
        at: datetime,
    ) -> None:
        self._stocks, self._last, self._at = stocks, last, at
        usable = [q for q in batch if q.symbol in stocks and q.price.is_finite() and q.price > 0]
        self._broken = broken_sources(usable, last)
        self._doubts = _stored_doubts({q.symbol for q in usable if self._may_have_doubt(q)}, stocks)
        wild = {q.symbol for q in usable if q.symbol in last and is_wild(q, last[q.symbol])}
        self._events = explaining_events(wild) if wild else {}
        self._held: dict[str, Doubt] = {}
        self.explained: set[str] = set()  # symbols whose price a known event explains

    def is_doubtful(self, quote: Quote, before: Quote | None) -> bool:
        """Return whether to hold back a price; `before` is the newest accepted quote."""
        if not is_wild(quote, before):
            return False
        if before and self._is_explained(quote, before):
            self.explained.add(quote.symbol)
            return False
        doubt = self._doubts.get(quote.symbol)
        interval = timedelta(seconds=settings.UPDATE_INTERVAL_S)
        if doubt and is_confirmed(
            quote, doubt, at=self._at, interval=interval, broken=self._broken
        ):
            return False
        self._held[quote.symbol] = renewed_doubt(quote, doubt, at=self._at)
        return True

    def save(self, accepted: Collection[Quote]) -> list[Quote]:
        """Store new doubts and delete those that an accepted quote ends.

        Return the last quotes whose `doubtful_price` changed: the pages show it beside the price.
        """
        accepted_symbols = {quote.symbol for quote in accepted}
        held = {
            symbol: doubt for symbol, doubt in self._held.items() if symbol not in accepted_symbols
        }
        if ended := self._doubts.keys() & accepted_symbols:
            _rows().filter(stock__in=[self._stocks[symbol] for symbol in ended]).delete()
        new = {name: doubt for name, doubt in held.items() if doubt != self._doubts.get(name)}
        _store(new, self._stocks)
        marked = [
            replace(self._last[symbol], doubtful_price=doubt.price)
            for symbol, doubt in held.items()
            if symbol in self._last
        ]
        return [quote for quote in marked if quote != self._last[quote.symbol]]

    def _is_explained(self, quote: Quote, before: Quote) -> bool:
        events = self._events.get(quote.symbol, ())
        at = quote.quoted_at or self._at
        return explained_by_event(events, last=before, price=quote.price, at=at)

    def _may_have_doubt(self, quote: Quote) -> bool:
        last = self._last.get(quote.symbol)
        return last is None or last.doubtful_price is not None or is_wild(quote, last)


def _rows() -> QuerySet[DoubtfulPrice]:
    return DoubtfulPrice.objects.filter(kind=settings.QUOTE_KIND)


def _stored_doubts(symbols: Collection[str], stocks: Mapping[str, Stock]) -> dict[str, Doubt]:
    if not symbols:
        return {}
    names = {stocks[symbol].pk: symbol for symbol in symbols}
    return {names[row.stock_id]: row.to_doubt() for row in _rows().filter(stock__in=list(names))}


def _store(doubts: Mapping[str, Doubt], stocks: Mapping[str, Stock]) -> None:
    DoubtfulPrice.objects.bulk_create(
        [
            DoubtfulPrice(stock=stocks[symbol], kind=settings.QUOTE_KIND, **asdict(doubt))
            for symbol, doubt in doubts.items()
        ],
        update_conflicts=True,
        unique_fields=["stock", "kind"],
        update_fields=["price", "source", "seen_at"],
    )
