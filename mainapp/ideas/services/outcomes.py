"""Outcomes of ideas: set in memory, and written together."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import F

from mainapp.core.bulk import update_rows
from mainapp.ideas.conditions import EXPIRED, OPEN, made_at
from mainapp.ideas.models import Idea
from mainapp.ideas.services.announcing import announce
from mainapp.ideas.services.changes import send_changes
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.symbols import INDEX

DECIDED = [
    *("close_price", "closed_at", "close_source", "index_close"),
    *("return_pct", "index_pct", "price_at", "priced_at", "price_source", "index_at"),
    "adjusted_on",
]


class IndexPrice:
    """The index's price at the time of a batch, read at most once, when an idea needs it."""

    def __init__(self, quotes: Iterable[Quote] = ()) -> None:
        quote = next((quote for quote in quotes if quote.symbol == INDEX), None)
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


def expire(idea: Idea, last: Quote | None, index: IndexPrice) -> None:
    """End an idea at the last price before its horizon, or without one if there was none."""
    is_usable = (
        last is not None
        and idea.priced_at is not None
        and idea.priced_at <= made_at(last) < idea.expires_at
    )
    if last is not None and is_usable:
        close(idea, EXPIRED, last, index)
    else:
        idea.close(status=EXPIRED, price=None, at=idea.expires_at, source="", index=None)


def close(idea: Idea, status: str, quote: Quote, index: IndexPrice) -> None:
    idea.close(
        status=status,
        price=quote.price,
        at=made_at(quote),
        source=quote.source,
        index=index.price,
    )


def save_outcomes(changed: list[Idea]) -> None:
    """Write outcomes and publications in a fixed number of queries, and notify the authors.

    The audit records the new status only, because prices are not the act of a person.
    """
    if not changed:
        return
    update_rows(changed, DECIDED)
    statuses: dict[str, list[int]] = {}
    for idea in changed:
        statuses.setdefault(idea.status, []).append(idea.pk)
    for status, pks in statuses.items():
        Idea.objects.filter(pk__in=pks).update(status=status, revision=F("revision") + 1)
    send_changes([idea.pk for idea in changed])
    announce(ideas=changed)
