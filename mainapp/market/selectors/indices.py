"""Index lists: the one in force, its age, and the earlier ones."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from mainapp.market.models import IndexList

INDICES = ("IBOV", "IFIX", "SMLL", "IDIV", "IBXX", "IBXL", "IBRA", "IBBR", "IBHB")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInfo:
    """A list's dates. `is_expired` means that its period ended before the day it is shown."""

    as_of: date
    valid_from: date | None
    valid_to: date
    is_end_known: bool
    is_expired: bool
    strength: str
    note: str


def lists_in_force(market: str, on: date | None = None) -> QuerySet[IndexList]:
    """Return the newest list of an index that is not later than a day, today by default."""
    on = on or timezone.localdate()
    return IndexList.objects.filter(market=market, as_of__lte=on).order_by("-as_of")[:1]


def in_index(market: str, on: date | None = None, *, prefix: str = "") -> Q:
    """Return the condition that a stock is in the list in force; `prefix` leads to the stock."""
    return Q(**{f"{prefix}memberships__index_list__in": lists_in_force(market, on).values("pk")})


def portfolio_date() -> date | None:
    """Return the date of the IBOV's list in force, or None for an empty catalogue."""
    return lists_in_force("IBOV").values_list("as_of", flat=True).first()


def list_info(row: IndexList, *, on: date) -> ListInfo:
    """Describe a list as seen on a day."""
    end = row.valid_to or period_end(row.valid_from or row.as_of)
    return ListInfo(
        as_of=row.as_of,
        valid_from=row.valid_from,
        valid_to=end,
        is_end_known=row.valid_to is not None,
        is_expired=end < on,
        strength=row.strength,
        note=row.note,
    )


def period_end(day: date) -> date:
    """Return the last day of B3's period that holds a day: January, May and September begin one.

    The portfolios turn on the first Monday of these months, or later, so this is the earliest end.
    """
    month = -(-day.month // 4) * 4
    return date(day.year, month, monthrange(day.year, month)[1])
