"""The date of an index's portfolio."""

from datetime import date

from django.db.models import Max

from mainapp.market.models import Membership


def portfolio_date() -> date | None:
    """Return the first day of the IBOV's current portfolio, or None for an empty catalogue."""
    newest: date | None = Membership.objects.filter(market="IBOV").aggregate(newest=Max("as_of"))[
        "newest"
    ]
    return newest
