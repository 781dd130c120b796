"""Queries of cases and of the moderation log."""

from collections.abc import Collection, Mapping
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, Prefetch, Q, QuerySet

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_staff_level
from mainapp.core.audience import Audience
from mainapp.core.pages import page_of
from mainapp.moderation.models import Case, Complaint, LogEntry
from mainapp.moderation.subjects import moderates

CASE = "case"  # the kind of an audience
PAGE = 50


def cases_without(person: User) -> QuerySet[Case]:
    """Return all cases except those about a user, which would show them who complained."""
    # Without the second condition, SQL's NULL would drop the cases of deleted accounts.
    return Case.objects.filter(~Q(person=person) | Q(person=None))


def case_for(pk: int, moderator: User) -> Case:
    """Return a case that a user may decide on; one query. Raises: Case.DoesNotExist."""
    case = Case.objects.select_related("person", "closed_by").get(pk=pk)
    may_decide = is_staff_level(moderator) or moderates(moderator, case.scope)
    if not may_decide or case.person_id == moderator.pk:
        raise Case.DoesNotExist
    return case


def queue(moderator: User, *, state: str = Case.State.OPEN, number: str = "") -> "Page[Case]":
    """Return a page of the cases that staff see, the oldest open or the newest closed ones first.

    Each with its complaints and their reporters. Three queries.
    """
    order = ("opened_at", "pk") if state == Case.State.OPEN else ("-closed_at", "-pk")
    rows = _with_complaints(cases_without(moderator).filter(state=state))
    return page_of(rows.order_by(*order), number, size=PAGE)


def open_cases_of(scope: str, *, moderator: User) -> list[Case]:
    """Return the oldest open cases of a place that a user moderates; two queries."""
    cases = cases_without(moderator).filter(scope=scope, state=Case.State.OPEN)
    return list(_with_complaints(cases)[:PAGE])


def _with_complaints(cases: QuerySet[Case]) -> QuerySet[Case]:
    complaints = Prefetch("complaints", Complaint.objects.select_related("reporter"))
    return cases.select_related("person", "closed_by").prefetch_related(complaints)


def log_entries(*, scope: str | None = None) -> list[LogEntry]:
    """Return the newest log entries of one place or of all; one query."""
    entries = LogEntry.objects.select_related("actor", "target")
    return list((entries if scope is None else entries.filter(scope=scope))[:PAGE])


def log_page(number: str) -> "Page[LogEntry]":
    """Return a page of the log; two queries."""
    return page_of(LogEntry.objects.select_related("actor", "target"), number, size=PAGE)


def people_in(copies: Collection[Mapping[str, Any]]) -> dict[int, User]:
    """Return the users who are named in copies, by id; one query."""
    ids = {line.get("author") for copy in copies for line in copy["lines"]}
    return User.objects.in_bulk([pk for pk in ids if pk])


def counts(moderator: User) -> dict[str, int]:
    """Return the number of cases in each state; one query."""
    rows = cases_without(moderator).order_by().values_list("state").annotate(Count("pk"))
    return dict.fromkeys(Case.State.values, 0) | dict(rows)


def _may_read_case(user: Any, pk: int) -> bool:
    """Return whether a user may see the files of a case's copies.

    Of a private room only who has opened the copy, which is logged: the addresses can be guessed.
    """
    if not user.is_authenticated or not is_staff_level(user):
        return False
    try:
        case = case_for(pk, user)
    except Case.DoesNotExist:
        return False
    if not case.is_private:
        return bool(case.copies)
    readings = LogEntry.objects.filter(case=case, actor=user, action=LogEntry.Action.READ_COPY)
    return bool(case.copies) and readings.exists()


def _existing_cases(pks: Collection[int]) -> Collection[int]:
    cases = Case.objects.filter(pk__in=pks).exclude(copies=[])
    return list(cases.values_list("pk", flat=True))


DECIDERS = Audience(kind=CASE, may_see=_may_read_case, existing=_existing_cases)
