"""Quotas, counted in the database in the transaction of the action that they limit."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.functional import lazy
from django.utils.translation import gettext_noop as _

from mainapp.core.audience import key_of
from mainapp.core.clocks import LARGE_SKEW
from mainapp.core.exceptions import DomainError
from mainapp.core.limits.limit import RateLimited
from mainapp.core.limits.quotas import USER, Quota
from mainapp.core.models import QuotaRule, Usage
from mainapp.core.templatetags.formats import duration, next_moment

FOR_A_TIME = _("Limite atingido em %(quota)s: %(limit)s em %(window)s. Libera %(resets)s.")
AT_ONCE = _("Limite atingido em %(quota)s: %(limit)s.")
NOT_IN_PLAN = _("O plano não inclui %(quota)s.")

_duration, _next_moment = lazy(duration, str), lazy(next_moment, str)


class _Rule(NamedTuple):
    """A rule in effect, as expressions of a query: it is read by the statement that counts."""

    limit: Any
    window: Any


def check_and_increment_quota(subject: Any, kind: Quota, *, at: datetime) -> None:
    """Count one use of a quota by a user or a club; a rollback of the transaction undoes it.

    A window begins with its first use, which fixes its end. Exact under concurrent calls: one
    statement reads the rule and changes the row if uses are left, and the row stays locked until
    the caller's transaction ends. A changed rule holds from the next call on, in all processes.
    For a kind that limits rows held at once, the caller has locked their club. Cost: one query,
    which takes 7 ms of CPU to build; four for a first use ever, three for a refusal, two for rows
    held at once.
    Raises: RateLimited, DomainError (`limit_reached`: the limit is 0, or of rows held at once).
    """
    if kind.held:
        _check_held(subject, kind)
        return
    own, rule = usages_of(subject).filter(limit=kind.name), _rule_of(subject, kind)
    if _count(own, rule, at):
        return
    if not own.exists():
        # The new row's window has already ended, so each of two processes that insert it counts
        # its own use below.
        owner = owner_of(subject, kind)
        new = Usage(**owner, limit=kind.name, count=0, window_ends_at=at)
        Usage.objects.bulk_create([new], ignore_conflicts=True)
        if _count(own, rule, at):
            return
    _refuse(own, rule, kind, at)


def owner_of(subject: Any, kind: Quota) -> dict[str, Any]:
    """Return the fields of Usage by which a user or a club is known."""
    if subject._meta.model_name != kind.of:
        raise ValueError(f"the quota {kind.name} is one of a {kind.of}, not of {subject!r}")
    if kind.of == USER:
        return {"user_id": subject.pk}
    return {"user": None, "club_key": f"{key_of(kind.of, subject.pk)}:{kind.name}"}


def usages_of(subject: Any) -> QuerySet[Usage]:
    """Return the counters of a user or a club."""
    if subject._meta.model_name == USER:
        return Usage.objects.filter(user=subject.pk)
    start = key_of(subject._meta.model_name, subject.pk)
    return Usage.objects.filter(club_key__startswith=f"{start}:")


def rules_of(subject: Any) -> QuerySet[QuotaRule]:
    """Return the rules of the plan of a user or a club, then those of the default plan.

    The plan is read from the database: the user of a socket may be hours old.
    """
    owners = subject._meta.concrete_model._base_manager
    own = owners.filter(pk=subject.pk, plan=OuterRef("plan"))
    rules = QuotaRule.objects.filter(Q(plan__is_default=True) | Exists(own))
    return rules.order_by("plan__is_default")


def _rule_of(subject: Any, kind: Quota) -> _Rule:
    rules = rules_of(subject).filter(kind=kind.name)
    window = None if kind.window_s is None else timedelta(seconds=kind.window_s)
    return _Rule(
        Coalesce(
            Subquery(rules.values("limit")[:1]),
            Value(kind.seeded_limit),
            output_field=IntegerField(),
        ),
        Coalesce(
            Subquery(rules.values("window")[:1]),
            Value(window, DurationField()),
            output_field=DurationField(),
        ),
    )


def _count(own: QuerySet[Usage], rule: _Rule, at: datetime) -> bool:
    """Return whether one use was left."""
    is_over = Q(window_ends_at__lte=at) | Q(window_ends_at__gt=_after(at + LARGE_SKEW, rule))
    is_left = own.alias(allowed=rule.limit).filter(allowed__gt=0)
    changed = is_left.filter(is_over | Q(count__lt=F("allowed"))).update(
        count=Case(When(is_over, then=Value(1)), default=F("count") + 1),
        window_ends_at=Case(When(is_over, then=_after(at, rule)), default=F("window_ends_at")),
    )
    return bool(changed)


def _after(at: datetime, rule: _Rule) -> Any:
    """Return the expression of the end of a window that begins at a time."""
    return ExpressionWrapper(Value(at, DateTimeField()) + rule.window, DateTimeField())


def _refuse(own: QuerySet[Usage], rule: _Rule, kind: Quota, at: datetime) -> None:
    row = own.annotate(allowed=rule.limit, window=rule.window)
    ends_at, limit, window = row.values_list("window_ends_at", "allowed", "window").get()
    if not limit:
        raise DomainError("limit_reached", NOT_IN_PLAN, {"quota": kind.translated_label})
    params = {
        "quota": kind.translated_label,
        "limit": limit,
        "window": _duration(window.total_seconds()),
        "resets": _next_moment(ends_at),
    }
    raise RateLimited(FOR_A_TIME, (ends_at - at).total_seconds(), params)


def held_rows(subject: Any, kind: Quota) -> int:
    """Return the number of rows that a club holds; one query."""
    count: int = apps.get_model(kind.held)._base_manager.filter(**{kind.of: subject.pk}).count()
    return count


def _check_held(subject: Any, kind: Quota) -> None:
    owner_of(subject, kind)  # checks that the kind suits the subject
    rule = rules_of(subject).filter(kind=kind.name).values_list("limit", flat=True).first()
    limit = kind.seeded_limit if rule is None else rule
    limit = limit if kind.most is None else min(limit, kind.most)
    if held_rows(subject, kind) >= limit:
        params = {"quota": kind.translated_label, "limit": limit}
        raise DomainError("limit_reached", AT_ONCE if limit else NOT_IN_PLAN, params)
