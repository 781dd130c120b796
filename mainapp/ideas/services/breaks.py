"""Jumps of a stock's prices to another scale, during which its ideas are not judged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings

from mainapp.ideas.conditions import ends_break, is_break
from mainapp.ideas.models import PriceBreak
from mainapp.ideas.services.adjusting import ratio_between, sure_ratios
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.sessions import sao_paulo_day


@dataclass(frozen=True, slots=True)
class NewQuote:
    """A stock's quote in a batch, and the one before it."""

    stock: Stock
    quote: Quote
    last: Quote | None


def held_stocks(new_quotes: Mapping[int, NewQuote], broken: Collection[int]) -> set[int]:
    """Begin and end breaks by new quotes; return the stocks whose price scale is unknown."""
    suspects = [
        new
        for new in new_quotes.values()
        if new.stock.pk not in broken and new.last is not None and is_break(new.quote, new.last)
    ]
    if not suspects and not broken:
        return set()
    begun = _begin_breaks(suspects)
    ended = _ended_breaks(new_quotes, broken)
    return {*begun, *broken} - ended


def broken_stocks(stocks: Collection[int]) -> set[int]:
    rows = PriceBreak.objects.filter(stock__in=stocks, quote_kind=settings.QUOTE_KIND)
    return set(rows.values_list("stock", flat=True))


def _begin_breaks(suspects: Collection[NewQuote]) -> set[int]:
    if not suspects:
        return set()
    until = max(day_of(new.quote) for new in suspects)
    ratios = sure_ratios([new.stock.pk for new in suspects], until=until)
    rows = []
    for new in suspects:
        assert new.last is not None
        before, day = day_of(new.last), day_of(new.quote)
        ratio = ratio_between(ratios.get(new.stock.pk, {}), before, day)
        if is_break(new.quote, new.last, ratio=ratio):
            rows.append(
                PriceBreak(
                    stock=new.stock,
                    quote_kind=settings.QUOTE_KIND,
                    trusted_price=new.last.price,
                    trusted_close=_trusted_close(new.quote, new.last),
                    trusted_on=before,
                )
            )
    PriceBreak.objects.bulk_create(rows)
    return {row.stock_id for row in rows}


def _ended_breaks(new_quotes: Mapping[int, NewQuote], broken: Collection[int]) -> set[int]:
    if not broken:
        return set()
    ended = set()
    rows = PriceBreak.objects.filter(stock__in=broken, quote_kind=settings.QUOTE_KIND)
    for row in rows:
        quote = new_quotes[row.stock_id].quote
        trusted = {"trusted_price": row.trusted_price, "trusted_close": row.trusted_close}
        if ends_break(quote, **trusted):
            ended.add(row.stock_id)
    if ended:
        PriceBreak.objects.filter(stock__in=ended, quote_kind=settings.QUOTE_KIND).delete()
    return ended


def _trusted_close(quote: Quote, last: Quote) -> Decimal | None:
    """Return the previous close of the next quotes if the break is an error of the source."""
    return last.previous_close if day_of(quote) == day_of(last) else last.price


def day_of(quote: Quote) -> date:
    assert quote.quoted_at is not None
    return sao_paulo_day(quote.quoted_at)
