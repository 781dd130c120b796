"""The live tracker."""

from datetime import datetime

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from mainapp.market.policies import SYMBOL_LIMIT_USER, symbol_limit
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.tracking import TrackedStock, tracked_stocks
from mainapp.market.selectors.watchlists import current_symbols

WELL_KNOWN = (
    "PETR4",
    "VALE3",
    "ITUB4",
    "BBDC4",
    "BBAS3",
    "ABEV3",
    "WEGE3",
    "B3SA3",
    "MGLU3",
    "BOVA11",
)


def stocktracker(request: HttpRequest) -> HttpResponse:
    requested = request.GET.getlist("stockpicker")
    if any(not text.isprintable() for text in requested):
        raise BadRequest("control characters in a symbol")
    own = current_symbols(request.user)
    limit = symbol_limit(is_authenticated=request.user.is_authenticated)
    texts = [text.strip() for text in requested[: SYMBOL_LIMIT_USER * 2] if text.strip()] or own
    tracked, over_limit = tracked_stocks(texts, limit=limit)
    at = timezone.now()
    context = {
        "rows": tracked.rows,
        "quotes": {row.symbol: row.quote.to_wire() for row in tracked.rows if row.quote},
        "former": tracked.former,
        "unknown": [text[:20] for text in tracked.unknown],
        "over_limit": over_limit,
        "limit": limit,
        "blank": TrackedStock("{symbol}", "", None),
        "is_requested": bool(requested),
        "is_own": not own or own == [row.symbol for row in tracked.rows],
        "well_known": WELL_KNOWN,
        "at": at,
        **market_status(at=at, newest_at=newest_quote_at(tracked.rows)),
        "actions": row_actions(),
    }
    return render(request, "mainapp/market/stocktracker.html", context)


def newest_quote_at(rows: list[TrackedStock]) -> datetime | None:
    times = [row.quote.quoted_at for row in rows if row.quote and row.quote.quoted_at]
    return max(times, default=None)


def row_actions() -> dict[str, str]:
    """Return the URLs of a stock's actions, without those of pages that are not installed."""
    actions = {}
    for name in ("create-alert", "create-carteira", "watchlist-current", "stock-search"):
        try:
            actions[name.replace("-", "_")] = reverse(name)
        except NoReverseMatch:
            continue
    return actions
