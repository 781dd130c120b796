"""Publication and outcome of ideas, in the transaction that records the quotes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import models, transaction

from mainapp.ideas.conditions import (
    CLOSED,
    EXPIRED,
    OPEN,
    WAITING,
    ends_break,
    is_break,
    is_new_day,
    is_tradable,
    made_at,
    outcome_of,
    to_millionths,
    wrong_limit,
)
from mainapp.ideas.models import Idea, PriceBreak
from mainapp.ideas.selectors.waking import Probe, woken_by
from mainapp.ideas.services.adjusting import adjust_ideas, ratio_between, sure_ratios
from mainapp.ideas.services.announcing import announce
from mainapp.ideas.services.changes import touch
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote, is_fresh
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.symbols import INDEX

DECIDED = [
    *("close_price", "closed_at", "close_source", "index_close"),
    *("return_pct", "index_pct", "price_at", "priced_at", "price_source", "index_at"),
    "adjusted_on",
]


@dataclass(frozen=True, slots=True)
class _New:
    """A stock's quote in a batch, and the one before it."""

    stock: Stock
    quote: Quote
    last: Quote | None


def judge_ideas(
    *,
    quotes: Iterable[Quote],
    last: Mapping[str, Quote],
    stocks: Mapping[str, Stock],
    at: datetime,
    splits: Collection[str] = (),
) -> list[Idea]:
    """Publish and end ideas by a batch of accepted quotes; `last` holds the previous ones.

    Runs inside the transaction that records the quotes, with the stocks locked. Stale quotes decide
    nothing. Cost: one query if nothing changes, one more at the first quotes of a day, and else a
    fixed number for any number of ideas and symbols.
    """
    new_quotes = {
        stocks[quote.symbol].pk: _New(stocks[quote.symbol], quote, last.get(quote.symbol))
        for quote in quotes
        if quote.symbol in stocks and is_fresh(quote, at=at)
    }
    # Before the events: an idea whose horizon ended before a split ends on the old scale.
    first = [pk for pk, new in new_quotes.items() if _begins_day(new, splits)]
    index = _Index(new_quotes.values())
    if first:
        _expire_before(first, new_quotes, index)
        _apply_events(first, new_quotes)
    woken = woken_by(_probes(new_quotes.values()), quote_kind=settings.QUOTE_KIND)
    held = _held_stocks(new_quotes, woken.broken_stocks)
    ideas = [idea for idea in _locked(woken.ideas) if idea.stock_id not in held]
    changed = [idea for idea in ideas if _advance(idea, new_quotes[idea.stock_id], index)]
    _save(changed)
    return changed


def expire_overdue(*, at: datetime) -> int:
    """End the ideas whose horizon ended and whose stocks have had no quote since; return how many.

    The last recorded quote is the price, unless a break makes it unusable.
    """
    overdue = Idea.objects.filter(
        status__in=(OPEN, WAITING), quote_kind=settings.QUOTE_KIND, expires_at__lte=at
    )
    pks = list(overdue.order_by("pk").values_list("pk", "stock"))
    if not pks:
        return 0
    stocks = {stock for _pk, stock in pks}
    with transaction.atomic():
        rows = Stock.objects.filter(pk__in=stocks).order_by("symbol").select_for_update(no_key=True)
        last = last_quotes([stock.symbol for stock in rows])
        broken = _broken(stocks)
        index = _Index(())
        changed = []
        for idea in _locked([pk for pk, _stock in pks]):
            if idea.status not in (OPEN, WAITING):
                continue
            quote = None if idea.stock_id in broken else last.get(idea.stock.symbol)
            _expire(idea, quote, index)
            changed.append(idea)
        _save(changed)
    return len(changed)


class _Index:
    """The index's price at the moment of a batch, read once and only if an idea needs it."""

    def __init__(self, new_quotes: Iterable[_New]) -> None:
        quote = next((new.quote for new in new_quotes if new.quote.symbol == INDEX), None)
        self._price: Decimal | None = quote.price if quote else None
        self._is_known = quote is not None

    @property
    def price(self) -> Decimal | None:
        if not self._is_known:
            self._is_known = True
            quote = last_quotes([INDEX]).get(INDEX)
            self._price = quote.price if quote else None
        return self._price


def publish(idea: Idea, quote: Quote, *, index: Decimal | None) -> None:
    """Set the price of publication, without saving."""
    idea.status = OPEN
    idea.price_at, idea.priced_at, idea.price_source = quote.price, made_at(quote), quote.source
    idea.index_at = index
    assert quote.quoted_at is not None
    idea.adjusted_on = max(idea.adjusted_on, sao_paulo_day(quote.quoted_at))


def _probes(new_quotes: Iterable[_New]) -> list[Probe]:
    return [
        Probe(new.stock.pk, to_millionths(new.quote.price), made_at(new.quote))
        for new in new_quotes
    ]


def _begins_day(new: _New, splits: Collection[str]) -> bool:
    return is_new_day(new.quote, new.last) or new.quote.symbol in splits


def _apply_events(stocks: Collection[int], new_quotes: Mapping[int, _New]) -> None:
    until = max(_day(new_quotes[pk].quote) for pk in stocks)
    adjust_ideas(sure_ratios(stocks, until=until), until=until)


def _expire_before(stocks: Collection[int], new_quotes: Mapping[int, _New], index: _Index) -> None:
    """End the ideas whose horizon ended before the first quote of a new day, one query if none."""
    moment = max(made_at(new_quotes[pk].quote) for pk in stocks)
    due = Idea.objects.filter(
        stock__in=stocks, status=OPEN, quote_kind=settings.QUOTE_KIND, expires_at__lte=moment
    )
    ideas = _locked(list(due.values_list("pk", flat=True)))
    broken = _broken({idea.stock_id for idea in ideas}) if ideas else set()
    changed = []
    for idea in ideas:
        new = new_quotes[idea.stock_id]
        if idea.status == OPEN and idea.expires_at <= made_at(new.quote):
            _expire(idea, None if idea.stock_id in broken else new.last, index)
            changed.append(idea)
    _save(changed)


def _held_stocks(new_quotes: Mapping[int, _New], broken: Collection[int]) -> set[int]:
    """Return the stocks whose prices are on an unknown scale; their breaks begin and end here."""
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


def _begin_breaks(suspects: Collection[_New]) -> set[int]:
    if not suspects:
        return set()
    until = max(_day(new.quote) for new in suspects)
    ratios = sure_ratios([new.stock.pk for new in suspects], until=until)
    rows = []
    for new in suspects:
        assert new.last is not None
        before, day = _day(new.last), _day(new.quote)
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


def _ended_breaks(new_quotes: Mapping[int, _New], broken: Collection[int]) -> set[int]:
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
    """Return the close that the next quotes should have, if the break was a fault."""
    return last.previous_close if _day(quote) == _day(last) else last.price


def _broken(stocks: Collection[int]) -> set[int]:
    rows = PriceBreak.objects.filter(stock__in=stocks, quote_kind=settings.QUOTE_KIND)
    return set(rows.values_list("stock", flat=True))


def _locked(pks: Collection[int]) -> list[Idea]:
    if not pks:
        return []
    rows = Idea.objects.filter(pk__in=pks).select_related("stock").order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True))


def _advance(idea: Idea, new: _New, index: _Index) -> bool:
    """Apply a quote to an idea in memory; return whether it changed."""
    if idea.status == WAITING:
        return _try_to_publish(idea, new, index)
    status = outcome_of(idea, new.quote) if idea.status == OPEN else None
    if status is None:
        return False
    if status == EXPIRED:
        _expire(idea, new.last, index)
    else:
        _close(idea, status, new.quote, index)
    return True


def _try_to_publish(idea: Idea, new: _New, index: _Index) -> bool:
    quote = new.quote
    if made_at(quote) < idea.asked_at or not is_tradable(quote, kind=new.stock.kind):
        return False
    if made_at(quote) >= idea.expires_at:
        idea.status = EXPIRED
    elif wrong_limit(idea.side, idea.target, idea.stop, quote.price):
        idea.status = CLOSED  # never published: it is in no record
    else:
        publish(idea, quote, index=index.price)
    return True


def _expire(idea: Idea, last: Quote | None, index: _Index) -> None:
    """End an idea at the last price before its horizon, if one is known since its publication."""
    is_usable = (
        last is not None
        and idea.priced_at is not None
        and idea.priced_at <= made_at(last) < idea.expires_at
    )
    if last is not None and is_usable:
        _close(idea, EXPIRED, last, index)
    else:
        idea.close(status=EXPIRED, price=None, at=idea.expires_at, source="", index=None)


def _close(idea: Idea, status: str, quote: Quote, index: _Index) -> None:
    idea.close(
        status=status,
        price=quote.price,
        at=made_at(quote),
        source=quote.source,
        index=index.price,
    )


def _save(changed: list[Idea]) -> None:
    """Write outcomes and publications in a fixed number of queries, and notify the authors.

    The audit has the new status only: prices are the market's effect, and `bulk_update` of so many
    fields took 12 s for 1,000 ideas.
    """
    if not changed:
        return
    models.QuerySet[Idea](Idea).bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=DECIDED
    )
    statuses: dict[str, list[int]] = {}
    for idea in changed:
        statuses.setdefault(idea.status, []).append(idea.pk)
    for status, pks in statuses.items():
        Idea.objects.filter(pk__in=pks).update(status=status)
    touch([idea.pk for idea in changed])
    announce(ideas=changed)


def _day(quote: Quote) -> date:
    assert quote.quoted_at is not None
    return sao_paulo_day(quote.quoted_at)
