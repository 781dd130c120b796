"""Publication and outcome of ideas, in the transaction that records the quotes."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from mainapp.ideas.conditions import (
    CLOSED,
    EXPIRED,
    OPEN,
    WAITING,
    is_new_day,
    is_tradable,
    made_at,
    outcome_of,
    to_millionths,
    wrong_limit,
)
from mainapp.ideas.models import Idea, IdeaQuerySet
from mainapp.ideas.selectors.waking import Probe, woken_by
from mainapp.ideas.services.adjusting import adjust_ideas, sure_ratios
from mainapp.ideas.services.breaks import NewQuote, broken_stocks, day_of, held_stocks
from mainapp.ideas.services.outcomes import IndexPrice, close, expire, publish, save_outcomes
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote, is_fresh
from mainapp.market.selectors.quotes import last_quotes


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
        stocks[quote.symbol].pk: NewQuote(stocks[quote.symbol], quote, last.get(quote.symbol))
        for quote in quotes
        if quote.symbol in stocks and is_fresh(quote, at=at)
    }
    # Before the events: an idea whose horizon ended before a split ends on the old scale.
    first = [pk for pk, new in new_quotes.items() if _begins_day(new, splits)]
    index = IndexPrice(new.quote for new in new_quotes.values())
    if first:
        _expire_before(first, new_quotes, index)
        _apply_events(first, new_quotes)
    woken = woken_by(_probes(new_quotes.values()), quote_kind=settings.QUOTE_KIND)
    held = held_stocks(new_quotes, woken.broken_stocks)
    ideas = [idea for idea in _locked(woken.ideas) if idea.stock_id not in held]
    for idea in ideas:
        idea.stock = new_quotes[idea.stock_id].stock
    changed = [idea for idea in ideas if _advance(idea, new_quotes[idea.stock_id], index)]
    save_outcomes(changed)
    return changed


def expire_overdue(*, at: datetime) -> int:
    """End ideas whose horizon passed without a quote since; return their number.

    They end at the last recorded price, unless a break makes it unusable.
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
        broken = broken_stocks(stocks)
        index = IndexPrice()
        changed = []
        for idea in _locked_with_stocks([pk for pk, _stock in pks]):
            if idea.status not in (OPEN, WAITING):
                continue
            quote = None if idea.stock_id in broken else last.get(idea.stock.symbol)
            expire(idea, quote, index)
            changed.append(idea)
        save_outcomes(changed)
    return len(changed)


def _probes(new_quotes: Iterable[NewQuote]) -> list[Probe]:
    return [
        Probe(new.stock.pk, to_millionths(new.quote.price), made_at(new.quote))
        for new in new_quotes
    ]


def _begins_day(new: NewQuote, splits: Collection[str]) -> bool:
    return is_new_day(new.quote, new.last) or new.quote.symbol in splits


def _apply_events(stocks: Collection[int], new_quotes: Mapping[int, NewQuote]) -> None:
    until = max(day_of(new_quotes[pk].quote) for pk in stocks)
    adjust_ideas(sure_ratios(stocks, until=until), until=until)


def _expire_before(
    stocks: Collection[int], new_quotes: Mapping[int, NewQuote], index: IndexPrice
) -> None:
    """End the ideas whose horizon ended before the first quote of a new day, one query if none."""
    moment = max(made_at(new_quotes[pk].quote) for pk in stocks)
    due = Idea.objects.filter(
        stock__in=stocks, status=OPEN, quote_kind=settings.QUOTE_KIND, expires_at__lte=moment
    )
    ideas = _locked_with_stocks(list(due.values_list("pk", flat=True)))
    broken = broken_stocks({idea.stock_id for idea in ideas}) if ideas else set()
    changed = []
    for idea in ideas:
        new = new_quotes[idea.stock_id]
        if idea.status == OPEN and idea.expires_at <= made_at(new.quote):
            expire(idea, None if idea.stock_id in broken else new.last, index)
            changed.append(idea)
    save_outcomes(changed)


def _advance(idea: Idea, new: NewQuote, index: IndexPrice) -> bool:
    """Apply a quote to an idea in memory; return whether it changed."""
    if idea.status == WAITING:
        return _try_to_publish(idea, new, index)
    status = outcome_of(idea, new.quote) if idea.status == OPEN else None
    if status is None:
        return False
    if status == EXPIRED:
        expire(idea, new.last, index)
    else:
        close(idea, status, new.quote, index)
    return True


def _try_to_publish(idea: Idea, new: NewQuote, index: IndexPrice) -> bool:
    quote = new.quote
    if made_at(quote) < idea.asked_at or not is_tradable(quote, kind=new.stock.kind):
        return False
    if made_at(quote) >= idea.expires_at:
        idea.status = EXPIRED
    elif idea.closing_asked_at is not None and made_at(quote) >= idea.closing_asked_at:
        idea.status = CLOSED  # withdrawn before there was a price
    elif wrong_limit(idea.side, idea.target, idea.stop, quote.price):
        idea.status = CLOSED  # never published: it is in no record
    else:
        publish(idea, quote, index=index.price)
    return True


def _locked(pks: Collection[int]) -> IdeaQuerySet:
    rows: IdeaQuerySet = Idea.objects.filter(pk__in=pks).order_by("pk")
    return rows.select_for_update(of=("self",), no_key=True)


def _locked_with_stocks(pks: Collection[int]) -> list[Idea]:
    return list(_locked(pks).select_related("stock")) if pks else []
