"""A stock's index memberships, and its corporate events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from mainapp.market.models import CorporateEvent, IndexList, Membership, Stock

MAX_EVENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFacts:
    """A stock's memberships in the index lists in force."""

    memberships: Sequence[Membership]


def stock_facts(stock: Stock, *, on: date) -> StockFacts:
    """Return the facts about a stock on a day. One query."""
    newer = IndexList.objects.filter(
        market=OuterRef("index_list__market"),
        as_of__gt=OuterRef("index_list__as_of"),
        as_of__lte=on,
    )
    memberships = Membership.objects.filter(~Exists(newer), stock=stock, index_list__as_of__lte=on)
    return StockFacts(
        memberships=list(memberships.select_related("index_list").order_by("index_list__market")),
    )


def stock_events(stock: Stock) -> list[CorporateEvent]:
    """Return the newest events of a stock, announced ones included. One query."""
    events = CorporateEvent.objects.in_force().filter(Q(stock=stock) | Q(successor=stock))
    return list(events.select_related("stock", "successor")[:MAX_EVENTS])
