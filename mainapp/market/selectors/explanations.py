"""Explanations of prices far from the last one by known events of the stock."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from mainapp.market.models import CorporateEvent
from mainapp.market.quotes import Quote
from mainapp.market.quotes.doubts import WILD_PCT, is_far
from mainapp.market.sessions import sao_paulo_day

# Not spin-offs and mergers, whose ratio does not determine the new price.
KINDS = (
    CorporateEvent.Kind.SPLIT,
    CorporateEvent.Kind.REVERSE_SPLIT,
    CorporateEvent.Kind.BONUS,
    CorporateEvent.Kind.DIVIDEND,
    CorporateEvent.Kind.INTEREST,
)

# One source alone may report a wrong event and a wrong price.
SURE = (
    Q(is_reported=False) | Q(is_ratio_sure=True) | Q(amount__isnull=False) & ~Q(strength="single")
)


def explaining_events(symbols: Collection[str]) -> dict[str, list[CorporateEvent]]:
    """Return the events on a known day that change the prices of these stocks. One query."""
    events: dict[str, list[CorporateEvent]] = {}
    rows = (
        CorporateEvent.objects.in_force()
        .filter(SURE, stock__symbol__in=symbols, kind__in=KINDS, ex_on__isnull=False)
        .select_related("stock")
    )
    for event in rows.order_by("ex_on"):
        events.setdefault(event.stock.symbol, []).append(event)
    return events


def explained_by_event(
    events: Iterable[CorporateEvent], *, last: Quote, price: Decimal, at: datetime
) -> bool:
    """Return whether events after the last quote's day, up to that of `at`, explain a price."""
    if last.quoted_at is None:
        return False
    last_day, day = sao_paulo_day(last.quoted_at), sao_paulo_day(at)
    expected = last.price
    for event in events:
        if event.ex_on and last_day < event.ex_on <= day:
            expected = (expected - (event.amount or 0)) / (event.ratio or 1)
    return expected != last.price and expected > 0 and not is_far(price, expected, WILD_PCT)
