"""Reading of sources' corporate events: once a day for the stocks that somebody holds or follows.

The calls are spread and take a small part of a source's budget (`providers.source.PARTS`), apart
from those for quotes.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db.models import F, OuterRef, Q, Subquery

from mainapp.market.models import EventReport, Stock, WatchlistItem
from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.chain import Chain
from mainapp.market.providers.configured import build_chain
from mainapp.market.services.corporate_events.reports import record_report
from mainapp.market.watch import needed_symbols

logger = logging.getLogger(__name__)

FRESH = timedelta(hours=20)
FRESH_UNFOLLOWED = timedelta(days=7)
READS_A_RUN = 50
RUN_S = 30.0


def read_due_reports(*, at: datetime, limit: int = READS_A_RUN) -> int:
    """Read the events that are due, from each source that gives any; return the number of stocks.

    Safe to repeat. Each call blocks for the source's timeout at most; a run ends after RUN_S.
    """
    chain, until = build_chain(), monotonic() + RUN_S
    return sum(
        _read(chain, name, due_stocks(source=name, at=at)[:limit], at=at, until=until)
        for name in chain.event_sources()
    )


def due_stocks(*, source: str, at: datetime) -> list[Stock]:
    """Return the stocks whose events a source has to be asked for, the most urgent first.

    Those that somebody holds, follows or has an alert on; then those whose page was opened.
    """
    reports = EventReport.objects.filter(source=source, simulated=settings.QUOTE_KIND != "real")
    last = reports.filter(stock=OuterRef("pk")).values("read_at")[:1]
    stocks = Stock.objects.filter(is_active=True, market=Stock.Market.B3).exclude(
        kind=Stock.Kind.INDEX
    )
    stocks = stocks.alias(last_read=Subquery(last)).order_by(
        F("last_read").asc(nulls_first=True), "symbol"
    )
    followed = WatchlistItem.objects.filter(
        Q(watchlist__owner__is_active=True) | Q(watchlist__owner=None)
    )
    is_needed = Q(symbol__in=needed_symbols()) | Q(pk__in=followed.values("stock"))
    is_due = Q(last_read=None) | Q(last_read__lt=at - FRESH)
    due = list(stocks.filter(is_needed, is_due)[:READS_A_RUN])
    wanted = reports.filter(is_wanted=True).values("stock")
    others = stocks.filter(pk__in=wanted).exclude(pk__in=[stock.pk for stock in due])
    return [*due, *others[: READS_A_RUN - len(due)]]


def want_events(*, stock: Stock, at: datetime) -> None:
    """Make the sources' events of a stock due, unless they were read not long ago."""
    names = build_chain().event_sources()
    is_listed = stock.is_active and stock.market == Stock.Market.B3
    if not names or not is_listed or stock.kind == Stock.Kind.INDEX:
        return
    reports = EventReport.objects.filter(stock=stock, simulated=settings.QUOTE_KIND != "real")
    fresh = reports.filter(read_at__gt=at - FRESH_UNFOLLOWED).values_list("source", flat=True)
    rows = [
        EventReport(
            stock=stock, source=name, simulated=settings.QUOTE_KIND != "real", is_wanted=True
        )
        for name in set(names) - set(fresh)
    ]
    EventReport.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["stock", "source", "simulated"],
        update_fields=["is_wanted"],
    )


def _read(chain: Chain, name: str, stocks: Iterable[Stock], *, at: datetime, until: float) -> int:
    """Read the events of stocks from a source, until it refuses; return the number of stocks."""
    count = 0
    for stock in stocks:
        if monotonic() >= until:
            break
        try:
            events = chain.events(name, stock.symbol)
        except ProviderError as error:
            if error.fault != "not_given":
                logger.info("events of %s from %s: %s", stock.symbol, name, error)
                break
            # The source does not know the stock: what it reported before stays.
            EventReport.objects.update_or_create(
                stock=stock,
                source=name,
                simulated=settings.QUOTE_KIND != "real",
                defaults={"read_at": at, "is_wanted": False},
            )
            continue
        record_report(stock=stock, source=name, events=events, at=at)
        count += 1
    return count
