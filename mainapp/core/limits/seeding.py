"""The default plan, seeded once with the limits of the settings."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction

from mainapp.core.limits.quotas import Quota, quota_kinds
from mainapp.core.models import Plan, QuotaRule

DEFAULT_NAME = "Padrão"


@transaction.atomic
def seed_default_plan() -> int:
    """Create the default plan, and its rules of kinds that have none; return their number.

    Existing rules stay as they are: an admin may have changed them. `setup` calls this under its
    lock, at every start, so that a site from before the plans and new kinds get their rules.
    """
    plan = Plan.objects.filter(is_default=True).first()
    if plan is None:
        plan = Plan.objects.create(name=_free_name(), is_default=True)
    known = set(plan.rules.values_list("kind", flat=True))
    new = [_rule(plan, kind) for kind in quota_kinds().values() if kind.name not in known]
    if new:
        QuotaRule.objects.bulk_create(new)
    return len(new)


def ineffective_settings() -> Iterator[str]:
    """Yield a line for each setting that was changed after it seeded a rule, which wins."""
    rules = QuotaRule.objects.filter(plan__is_default=True)
    kinds = quota_kinds()
    for rule in rules.filter(seeded_limit__isnull=False).order_by("kind"):
        kind = kinds.get(rule.kind)
        if kind is None or not isinstance(kind.seed, str):
            continue
        setting = kind.seeded_limit
        if setting not in (rule.seeded_limit, rule.limit):
            yield (
                f"{kind.seed}={setting} has no effect: the default plan allows {rule.limit} "
                f"({rule.kind}); change it in the admin, under plans"
            )


def _rule(plan: Plan, kind: Quota) -> QuotaRule:
    seed = kind.seeded_limit
    limit = seed if kind.most is None else min(seed, kind.most)
    window = None if kind.window_s is None else timedelta(seconds=kind.window_s)
    return QuotaRule(plan=plan, kind=kind.name, limit=limit, window=window, seeded_limit=seed)


def _free_name() -> str:
    """Return the default plan's name; another plan may have it."""
    names = set(Plan.objects.values_list("name", flat=True))
    numbered = (f"{DEFAULT_NAME} {number}" for number in range(2, len(names) + 3))
    return next(name for name in (DEFAULT_NAME, *numbered) if name not in names)
