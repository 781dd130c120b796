"""The quotas of one user or club, with their uses."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mainapp.core.clocks import LARGE_SKEW, latest
from mainapp.core.limits.database_store import held_rows, rules_of, usages_of
from mainapp.core.limits.quotas import Quota, quota_kinds


class QuotaUsage(NamedTuple):
    """The uses of a quota; `resets_at` is None without a running window."""

    kind: Quota
    limit: int
    used: int
    resets_at: datetime | None
    window_s: float | None


def quota_usage(subject: Any, *, at: datetime) -> list[QuotaUsage]:
    """Return all quotas of a user or a club; two queries, and one for each kind of held rows."""
    kinds = [kind for kind in quota_kinds().values() if kind.of == subject._meta.model_name]
    # The rules of the own plan come first, so they are the last to be put into the dictionary.
    rules = {rule.kind: rule for rule in reversed(list(rules_of(subject)))}
    usages = {usage.limit: usage for usage in usages_of(subject)}
    return [
        _usage(subject, kind, rules.get(kind.name), usages.get(kind.name), at) for kind in kinds
    ]


def _usage(subject: Any, kind: Quota, rule: Any, usage: Any, at: datetime) -> QuotaUsage:
    limit = rule.limit if rule else kind.seeded_limit
    if kind.held:
        most = limit if kind.most is None else min(limit, kind.most)
        return QuotaUsage(kind, most, held_rows(subject, kind), None, None)
    window_s: float = rule.window.total_seconds() if rule and rule.window else kind.window_s or 0
    ends_at = usage.window_ends_at if usage else None
    if ends_at is None or not at < ends_at <= _latest_end(at, window_s):
        return QuotaUsage(kind, limit, 0, None, window_s)
    return QuotaUsage(kind, limit, usage.count, ends_at, window_s)


def _latest_end(at: datetime, window_s: float) -> datetime:
    return latest(at, period=timedelta(seconds=window_s), skew=LARGE_SKEW)
