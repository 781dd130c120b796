"""The list of a user's alerts, and the history of one alert."""

from itertools import chain
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mainapp.accounts.policies import MemberRequest
from mainapp.alerts.policies import ALERT_LIMIT
from mainapp.alerts.selectors.alerts import (
    STATUSES,
    AlertRow,
    alerts_by_status,
    own_alerts,
    rows_of,
)
from mainapp.alerts.selectors.firings import firings_of, latest_firings
from mainapp.alerts.selectors.preview import minutes_of, summary_of
from mainapp.core.pages import page_of
from mainapp.core.paths import get_owned_or_404
from mainapp.market.selectors.feed import market_status

PAGE_SIZE = 50
FIRINGS_A_PAGE = 30
LATEST_FIRINGS = 5


def alerts(request: MemberRequest) -> HttpResponse:
    at = timezone.now()
    status: Any = request.GET.get("status")
    status = status if status in STATUSES else None
    groups = alerts_by_status(request.user, at=at)
    everything = sorted(chain(*groups.values()), key=lambda row: (row.ativo.symbol, row.pk))
    page = page_of(
        groups[status] if status else everything, request.GET.get("page"), size=PAGE_SIZE
    )
    rows = rows_of(list(page.object_list), at=at)
    context = {
        "rows": rows,
        "ended": [row.alert.ativo.symbol for row in rows if not row.alert.ativo.is_active],
        "page": page,
        "status": status,
        "has_filters": bool(status) or sum(map(bool, groups.values())) > 1,
        "firings": latest_firings(request.user, count=LATEST_FIRINGS) if everything else [],
        "filters": [(name, label, len(groups[name])) for name, label in STATUSES.items()],
        "total": len(everything),
        "limit": ALERT_LIMIT,
        **_market_context(rows),
    }
    return render(request, "mainapp/alerts/alerts.html", context)


def alert_history(request: MemberRequest, pk: int) -> HttpResponse:
    alert = get_owned_or_404(own_alerts(request.user), pk)
    alert.owner = request.user
    [row] = rows_of([alert], at=timezone.now())
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
