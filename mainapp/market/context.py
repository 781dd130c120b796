"""Template context of every page: simulation, sources of quotes, and the portfolio's date."""

from contextlib import suppress
from datetime import date
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from mainapp.market.selectors.indices import portfolio_dates

PORTFOLIO_KEY, PORTFOLIO_S = "market.portfolio_on", 300


def market(request: HttpRequest) -> dict[str, Any]:
    return {
        "simulated": settings.QUOTE_KIND != "real",
        "replay_on": settings.REPLAY_DATE if settings.QUOTE_SOURCE == ["replay"] else None,
        "quote_sources": settings.QUOTE_SOURCE,
        "portfolio_on": portfolio_on,
    }


def portfolio_on() -> dict[str, Any] | None:
    """Return the date of the IBOV's list in force and whether its period has ended.

    Cached for five minutes. Called by templates.
    """
    dates: Any = cache.get_or_set(PORTFOLIO_KEY, _portfolio_dates, PORTFOLIO_S)
    with suppress(TypeError, ValueError, AttributeError):
        as_of, end = map(date.fromisoformat, dates.split())
        return {"as_of": as_of, "is_expired": end < timezone.localdate()}
    return None


def _portfolio_dates() -> str:
    dates = portfolio_dates()
    return " ".join(day.isoformat() for day in dates) if dates else ""
