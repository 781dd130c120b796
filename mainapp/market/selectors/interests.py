"""The stocks that concern a user: those of their lists, and those that other features register."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

from mainapp.market.models import WatchlistItem

# Returns the ids of a user's stocks as a query, which becomes part of another one.
Interest = Callable[[Any], "QuerySet[Any, Any]"]
_interests: list[Interest] = []


def register_interest(interest: Interest) -> None:
    """Register a feature's query of the ids of the stocks that concern a user."""
    _interests.append(interest)


def is_of_interest(user: Any, field: str = "stock") -> Q:
    """Return the condition that a row's stock concerns a user. No query of its own.

    Nothing concerns anonymous users; as an owner, None would be that of the clubs' lists.
    """
    if user.pk is None:
        return Q(pk__in=[])
    followed = WatchlistItem.objects.filter(watchlist__owner=user.pk).values("stock")
    condition = Q(**{f"{field}__in": followed})
    for interest in _interests:
        condition |= Q(**{f"{field}__in": interest(user)})
    return condition
