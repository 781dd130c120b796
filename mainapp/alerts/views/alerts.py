"""The list of a user's alerts, and the history of one alert."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mainapp.accounts.policies import MemberRequest
from mainapp.alerts.policies import ALERT_LIMIT
from mainapp.alerts.selectors.alerts import (
    STATUSES,
    AlertRow,
    alert_rows,
    own_alerts,
    row_of,
    status_counts,
)
from mainapp.alerts.selectors.firings import firings_of
from mainapp.alerts.selectors.preview import minutes_of, summary_of
from mainapp.core.pages import page_of
from mainapp.core.paths import get_owned_or_404
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.quotes import last_quotes

PAGE_SIZE = 50
FIRINGS_A_PAGE = 30


def alerts(request: MemberRequest) -> HttpResponse:
    at = timezone.now()
    status: Any = request.GET.get("status")
    status = status if status in STATUSES else None
    counts = status_counts(request.user, at=at)
    total = sum(counts.values())
    shown = counts[status] if status else total
    page = page_of(range(shown), request.GET.get("page"), size=PAGE_SIZE)
    first = (page.number - 1) * PAGE_SIZE
    rows = alert_rows(request.user, status=status, at=at, first=first, size=PAGE_SIZE)
    context = {
        "rows": rows,
        "ended": [row.alert.ativo.symbol for row in rows if not row.alert.ativo.is_active],
        "page": page,
        "status": status,
        "filters": [(name, label, counts[name]) for name, label in STATUSES.items()],
        "total": total,
        "limit": ALERT_LIMIT,
        **_market_context(rows),
    }
    return render(request, "mainapp/alerts/alerts.html", context)


def alert_history(request: MemberRequest, pk: int) -> HttpResponse:
    alert = get_owned_or_404(own_alerts(request.user), pk)
    alert.owner = request.user
    symbol = alert.ativo.symbol
    row = row_of(alert, last_quotes([symbol]).get(symbol), at=timezone.now())
    firings = page_of(firings_of(alert), request.GET.get("page"), size=FIRINGS_A_PAGE)
    context = {
        "row": row,
        "alert": alert,
        "sentence": summary_of(alert, expires_at=alert.expires_at, minutes=minutes_of(alert)),
        "page": firings,
        **_market_context([row]),
    }
    return render(request, "mainapp/alerts/history.html", context)


def _market_context(rows: list[AlertRow]) -> dict[str, Any]:
    at = timezone.now()
    quotes = {row.quote.symbol: row.quote for row in rows if row.quote}
    times = [quote.quoted_at for quote in quotes.values() if quote.quoted_at]
    return {
        "quotes": {symbol: quote.to_wire() for symbol, quote in quotes.items()},
        **market_status(at=at, newest_at=max(times, default=None)),
    }
