"""Limits counted in the database: a day's quota, and uses that count with their transaction."""

from datetime import datetime, timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When

from mainapp.core.limits.limit import Key, Limit, RateLimited
from mainapp.core.models import Usage


def consume_stored(limit: Limit, key: Key, *, at: datetime) -> None:
    """Count one use by a user; it is undone if the caller's transaction is.

    A window begins with its first use and ends `window_s` later, whatever follows. Exact under
    parallel calls: the row changes in one statement, only while uses are left, and stays locked
    until the caller's transaction ends. Cost: one query; three for a user's first use ever, two
    for a refusal. Raises: RateLimited.
    """
    allowed = limit.allowed
    if allowed <= 0:
        raise RateLimited(limit.template, limit.window_s)
    if key.kind != "user":
        raise ValueError(f"only users have stored limits, not {key}")
    own = Usage.objects.filter(limit=limit.name, user_id=int(key.value))
    if _count(own, limit, allowed, at):
        return
    # A row whose window is over already: of two processes that insert it, both count in it.
    new = Usage(limit=limit.name, user_id=int(key.value), count=0, window_ends_at=at)
    Usage.objects.bulk_create([new], ignore_conflicts=True)
    if _count(own, limit, allowed, at):
        return
    ends_at = own.values_list("window_ends_at", flat=True).get()
    raise RateLimited(limit.template, (ends_at - at).total_seconds())


def _count(own: QuerySet[Usage], limit: Limit, allowed: int, at: datetime) -> bool:
    """Return whether one use was left."""
    is_over = Q(window_ends_at__lte=at)
    changed = own.filter(is_over | Q(count__lt=allowed)).update(
        count=Case(When(is_over, then=Value(1)), default=F("count") + 1),
        window_ends_at=Case(
            When(is_over, then=Value(at + timedelta(seconds=limit.window_s))),
            default=F("window_ends_at"),
        ),
    )
    return bool(changed)
