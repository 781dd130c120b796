"""Index lists: the one in force, its age, and the earlier ones."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mainapp.market.models import IndexList, Membership

INDICES = ("IBOV", "IFIX", "SMLL", "IDIV", "IBXX", "IBXL", "IBRA", "IBBR", "IBHB")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInfo:
    """The description of a list on a given day.

    `is_current` means that no newer list is known; `is_expired` that its period has ended.
    `weights_as_of` is the date of the newest list with weights, which may be this one.
    """

    as_of: date
    valid_to: date
    is_end_known: bool
    is_current: bool
    is_expired: bool
    has_weights: bool
    weights_as_of: date | None
    strength: str
    note: str


def lists_until(market: str, on: date) -> QuerySet[IndexList]:
    """Return an index's lists up to a day, newest first, each with `has_weights`."""
    weighted = Membership.objects.filter(index_list=OuterRef("pk"), weight_pct__isnull=False)
    lists = IndexList.objects.filter(market=market, as_of__lte=on)
    return lists.annotate(has_weights=Exists(weighted)).order_by("-as_of")


def lists_in_force(market: str, on: date | None = None) -> QuerySet[IndexList]:
    """Return the newest list of an index that is not later than a day, today by default."""
    on = on or timezone.localdate()
    return IndexList.objects.filter(market=market, as_of__lte=on).order_by("-as_of")[:1]


def in_index(market: str, on: date | None = None, *, prefix: str = "") -> Q:
    """Return the condition that a stock is in the list in force; `prefix` is the path to it."""
    return Q(**{f"{prefix}memberships__index_list__in": lists_in_force(market, on).values("pk")})


def portfolio_dates() -> tuple[date, date] | None:
    """Return the date of the IBOV's list in force and its last day; None without a list."""
    row = lists_in_force("IBOV").first()
    return (row.as_of, last_day(row)) if row else None


def last_day(row: IndexList) -> date:
    """Return the last day of a list: as published, or else the end of its period."""
    return row.valid_to or period_end(row.valid_from or row.as_of)


def list_info(row: Any, *, lists: Sequence[Any], on: date) -> ListInfo:
    """Describe a list of `lists_until` as seen on a day."""
    end = last_day(row)
    weighted = (other.as_of for other in lists if other.has_weights)
    return ListInfo(
        as_of=row.as_of,
        valid_to=end,
        is_end_known=row.valid_to is not None,
        is_current=row is lists[0],
        is_expired=end < on,
        has_weights=row.has_weights,
        weights_as_of=next(weighted, None),
        strength=row.strength,
        note=row.note,
    )


def period_end(day: date) -> date:
    """Return the last day of B3's four-month period around a day; the first starts in January.

    New portfolios begin on the first Monday of January, May and September, or later: this is the
    earliest possible end.
    """
    month = -(-day.month // 4) * 4
    return date(day.year, month, monthrange(day.year, month)[1])
