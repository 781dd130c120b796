"""Leases of reports: one worker at a time works on a report, by the database's clock."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from mainapp.operations.models import Report
from mainapp.operations.policies import LEASE, MAX_RUNNING


class ClaimLostError(Exception):
    """The report was cancelled or deleted, or another worker took it over."""


def due_reports() -> list[int]:
    """Return the keys of open reports without a worker, in the order of their turns."""
    rows = Report.objects.filter(_is_free(), state__in=Report.OPEN).order_by("claims", "pk")
    return list(rows.values_list("pk", flat=True)[:MAX_RUNNING])


def claim_report(*, report_pk: int) -> Report | None:
    """Claim an open report for LEASE and return it, with its owner.

    Returns None if another worker has it, if it is closed, or if MAX_RUNNING others are being made;
    duplicates of a task end here. Three queries.
    """
    running = Report.objects.filter(~_is_free(), state=Report.State.PROCESSING)
    if running.exclude(pk=report_pk).count() >= MAX_RUNNING:
        return None
    claimable = Report.objects.filter(_is_free(), pk=report_pk, state__in=Report.OPEN)
    claimed = claimable.update(
        state=Report.State.PROCESSING,
        lease_until=Now() + LEASE,
        claims=F("claims") + 1,
        tries=F("tries") + 1,
    )
    rows = Report.objects.select_related("owner__preferences")
    return rows.filter(pk=report_pk).first() if claimed else None


def change_claimed(report: Report, **changes: Any) -> None:
    """Change a claimed report, in memory and in the database. Raises: ClaimLostError."""
    if _claimed(report).update(**changes) != 1:
        raise ClaimLostError
    for name, value in changes.items():
        if not hasattr(value, "resolve_expression"):
            setattr(report, name, value)


def renew_lease(report: Report, **changes: Any) -> None:
    """Extend a claim, and save other changes with it. Raises: ClaimLostError."""
    change_claimed(report, lease_until=Now() + LEASE, **changes)


def release_report(report: Report, **changes: Any) -> None:
    """End a claim before the report is done, so that it is due again. Raises: ClaimLostError."""
    change_claimed(report, lease_until=None, **changes)


def _claimed(report: Report) -> "QuerySet[Report]":
    return Report.objects.filter(pk=report.pk, claims=report.claims, state=Report.State.PROCESSING)


def _is_free() -> Q:
    """Return the condition that nobody holds a lease; one far ahead was set by a wrong clock."""
    is_over = Q(lease_until__lt=Now()) | Q(lease_until__gt=Now() + 2 * LEASE)
    return Q(lease_until=None) | is_over
