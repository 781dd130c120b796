"""Template context of every page: simulation, sources of quotes, and the portfolio's date."""

from datetime import date
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from mainapp.market.selectors.portfolio import portfolio_date

PORTFOLIO_KEY, PORTFOLIO_S = "market.portfolio_on", 300


def market(request: HttpRequest) -> dict[str, Any]:
    return {
        "simulated": settings.SIMULATED,
        "quote_sources": settings.QUOTE_SOURCE,
        "portfolio_on": portfolio_on,
    }


def portfolio_on() -> date | None:
    """Return the date of the IBOV's portfolio, cached for five minutes. Called by templates."""
    newest: date | None = cache.get_or_set(PORTFOLIO_KEY, portfolio_date, PORTFOLIO_S)
    return newest
