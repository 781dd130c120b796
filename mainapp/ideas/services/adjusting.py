"""Corporate events that change the scale of prices: splits, and codes that were replaced."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Prefetch

from mainapp.ideas.conditions import LIVE, levels
from mainapp.ideas.models import Idea, PriceBreak
from mainapp.ideas.services.changes import touch
from mainapp.market.models import CorporateEvent, Stock
from mainapp.market.sessions import sao_paulo_day

Kind = CorporateEvent.Kind
SPLITS = (Kind.SPLIT, Kind.REVERSE_SPLIT, Kind.BONUS)
PLACES = Decimal("0.00000001")
ADJUSTED = ["target", "stop", "price_at", "upper", "lower", "adjusted_on"]

# The sure ratios of a stock by day: the number of new shares for one old share.
Ratios = Mapping[int, Mapping[date, Decimal]]


def sure_ratios(stocks: Collection[int], *, until: date) -> Ratios:
    """Return the sure ratios of stocks' splits on sure days. One query."""
    events = CorporateEvent.objects.in_force().filter(
        stock__in=stocks,
        kind__in=SPLITS,
        successor=None,
        ex_on__lte=until,
        is_date_sure=True,
        is_ratio_sure=True,
        ratio__gt=0,
    )
    ratios: dict[int, dict[date, Decimal]] = defaultdict(dict)
    for event in events.order_by("ex_on", "pk"):
        assert event.ex_on is not None
        assert event.ratio is not None
        days = ratios[event.stock_id]
        days[event.ex_on] = days.get(event.ex_on, Decimal(1)) * event.ratio
    return ratios


def ratio_between(days: Mapping[date, Decimal], after: date, until: date) -> Decimal:
    """Return the product of the ratios after a day, up to another."""
    product = Decimal(1)
    for day, ratio in days.items():
        if after < day <= until:
            product *= ratio
    return product


def adjust_ideas(ratios: Ratios, *, until: date) -> None:
    """Adjust the prices of live ideas by the events since they were written, each event once.

    A break of the stock ends with an event after it. Cost: four queries at most.
    """
    if not ratios:
        return
    live = Idea.objects.filter(
        stock__in=list(ratios), status__in=LIVE, quote_kind=settings.QUOTE_KIND
    ).select_for_update(of=("self",), no_key=True)
    changed = []
    for idea in live.order_by("pk"):
        new = [day for day in ratios[idea.stock_id] if idea.adjusted_on < day <= until]
        if new:
            ratio = ratio_between(ratios[idea.stock_id], idea.adjusted_on, until)
            scale(idea, ratio)
            idea.adjusted_on = max(new)
            changed.append(idea)
    if changed:
        Idea.objects.bulk_update(changed, ADJUSTED, batch_size=500)
        touch([idea.pk for idea in changed])
    _end_breaks(ratios, until)


def _end_breaks(ratios: Ratios, until: date) -> None:
    breaks = PriceBreak.objects.filter(stock__in=list(ratios), quote_kind=settings.QUOTE_KIND)
    ended = [
        row.pk
        for row in breaks
        if any(row.trusted_on < day <= until for day in ratios[row.stock_id])
    ]
    if ended:
        PriceBreak.objects.filter(pk__in=ended).delete()


def scale(idea: Idea, ratio: Decimal) -> None:
    """Divide the prices of an idea by the number of new shares for one old share."""
    for name in ("target", "stop", "price_at"):
        if (price := getattr(idea, name)) is not None:
            setattr(idea, name, (price / ratio).quantize(PLACES, ROUND_HALF_UP))
    idea.upper, idea.lower = levels(idea.side, idea.target, idea.stop)


def follow_events(*, at: datetime) -> int:
    """Apply the events that became known, and move ideas to the codes that replaced theirs.

    Return the number of moved ideas. Most events are applied at the first quote of their day: this
    is for events that the catalogue learns later.
    """
    live = Idea.objects.filter(status__in=LIVE, quote_kind=settings.QUOTE_KIND)
    stocks = set(live.order_by().values_list("stock", flat=True).distinct())
    if not stocks:
        return 0
    today = sao_paulo_day(at)
    with transaction.atomic():
        # Locks are taken in the order of recording: the stocks first.
        list(Stock.objects.filter(pk__in=stocks).order_by("symbol").select_for_update(no_key=True))
        adjust_ideas(sure_ratios(stocks, until=today), until=today)
    return sum(_follow_code(idea) for idea in _renamed(live))


def _renamed(live: Iterable[Idea]) -> Iterable[Idea]:
    events = CorporateEvent.objects.in_force().filter(kind__in=(Kind.RENAME, Kind.MERGER))
    prefetch = Prefetch("stock__events", events, to_attr="replacements")
    rows = live.filter(stock__renamed_to__isnull=False)  # type: ignore[attr-defined] # a queryset
    return list(rows.select_related("stock__renamed_to").prefetch_related(prefetch))


def _follow_code(idea: Idea) -> bool:
    """Move an idea to the stock that replaced its own, if the ratio is sure."""
    new = idea.stock.renamed_to
    events = idea.stock.replacements  # type: ignore[attr-defined] # prefetched above
    event = next((e for e in events if new and e.successor_id == new.pk), None)
    if new is None or event is None or not event.ratio or not event.is_ratio_sure:
        return False
    try:
        with transaction.atomic():
            row = Idea.objects.select_for_update(of=("self",), no_key=True).get(pk=idea.pk)
            if not row.is_live or row.stock_id != idea.stock_id:
                return False
            scale(row, event.ratio)
            row.stock, row.adjusted_on = new, max(row.adjusted_on, event.ex_on or row.adjusted_on)
            row.describe()
            row.save()
            touch([row.pk])
    except IntegrityError:
        return False  # the author has another live idea on the new code
    return True
