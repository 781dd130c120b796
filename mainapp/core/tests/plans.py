"""Plans for tests."""

from datetime import timedelta
from uuid import uuid4

from mainapp.core.models import Plan, QuotaRule


def give_plan(subject, **limits):
    """Give a user or a club a new plan; limits by kind, with `_` for `-`, as numbers or pairs.

    A pair is a limit and its window in seconds; a plain number has a window of one day.
    """
    plan = Plan.objects.create(name=uuid4().hex)
    for name, limit in limits.items():
        allowed, window_s = limit if isinstance(limit, tuple) else (limit, 86_400)
        window = window_s and timedelta(seconds=window_s)
        kind = name.replace("_", "-")
        QuotaRule.objects.create(plan=plan, kind=kind, limit=allowed, window=window)
    type(subject).objects.filter(pk=subject.pk).update(plan=plan)
    return plan
