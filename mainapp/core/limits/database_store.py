"""Limits counted in the database: daily quotas, and uses counted in their own transaction."""

from datetime import datetime, timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When

from mainapp.core.clocks import LARGE_SKEW, latest
from mainapp.core.limits.limit import Key, Limit, RateLimited
from mainapp.core.models import Usage


def consume_stored(limit: Limit, key: Key, *, at: datetime) -> None:
    """Count one use by a user; a rollback of the caller's transaction undoes it.

    A window begins with its first use and ends `window_s` later. Exact under concurrent calls: one
    statement changes the row if uses are left, and the row stays locked until the caller's
    transaction ends. Cost: one query; three for a user's first use ever, two for a refusal.
    Raises: RateLimited.
    """
    allowed = limit.allowed
    if allowed <= 0:
        raise RateLimited(limit.template, limit.window_s)
    if key.kind != "user":
        raise ValueError(f"only users have stored limits, not {key}")
    own = Usage.objects.filter(limit=limit.name, user_id=int(key.value))
    if _count(own, limit, allowed, at):
        return
    # The new row's window has already ended, so each of two processes that insert it counts its
    # own use below.
    new = Usage(limit=limit.name, user_id=int(key.value), count=0, window_ends_at=at)
    Usage.objects.bulk_create([new], ignore_conflicts=True)
    if _count(own, limit, allowed, at):
        return
    ends_at = own.values_list("window_ends_at", flat=True).get()
    raise RateLimited(limit.template, (ends_at - at).total_seconds())


def _count(own: QuerySet[Usage], limit: Limit, allowed: int, at: datetime) -> bool:
    """Return whether one use was left."""
    window = timedelta(seconds=limit.window_s)
    ends_by = latest(at, period=window, skew=LARGE_SKEW)
    is_over = Q(window_ends_at__lte=at) | Q(window_ends_at__gt=ends_by)
    changed = own.filter(is_over | Q(count__lt=allowed)).update(
        count=Case(When(is_over, then=Value(1)), default=F("count") + 1),
        window_ends_at=Case(
            When(is_over, then=Value(at + window)),
            default=F("window_ends_at"),
        ),
    )
    return bool(changed)
