"""Template context of every page: simulation, sources of quotes, and the portfolio's date."""

from contextlib import suppress
from datetime import date
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from mainapp.market.selectors.indices import portfolio_date

PORTFOLIO_KEY, PORTFOLIO_S = "market.portfolio_on", 300


def market(request: HttpRequest) -> dict[str, Any]:
    return {
        "simulated": settings.SIMULATED,
        "quote_sources": settings.QUOTE_SOURCE,
        "portfolio_on": portfolio_on,
    }


def portfolio_on() -> date | None:
    """Return the date of the IBOV's portfolio, cached for five minutes. Called by templates."""
    newest: Any = cache.get_or_set(PORTFOLIO_KEY, _portfolio_date, PORTFOLIO_S)
    with suppress(TypeError, ValueError):
        return date.fromisoformat(newest)
    return None


def _portfolio_date() -> str:
    newest = portfolio_date()
    return newest.isoformat() if newest else ""
