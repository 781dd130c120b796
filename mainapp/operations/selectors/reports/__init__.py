"""Reports: the available kinds, and the reports of a user."""

from datetime import UTC, datetime
from typing import Any

import redis
from django.db.models import QuerySet

from mainapp.accounts.models import User
from mainapp.core.clocks import is_lease_held
from mainapp.core.exceptions import DomainError
from mainapp.core.redis import client
from mainapp.market import board
from mainapp.operations.models import Report
from mainapp.operations.selectors.reports.active_users import ActiveUsers
from mainapp.operations.selectors.reports.alerts import Alerts
from mainapp.operations.selectors.reports.carteira import Holdings
from mainapp.operations.selectors.reports.club_activity import ClubActivity
from mainapp.operations.selectors.reports.conversations import Conversations
from mainapp.operations.selectors.reports.firings import Firings
from mainapp.operations.selectors.reports.ideas import Ideas
from mainapp.operations.selectors.reports.kind import Kind, Option
from mainapp.operations.selectors.reports.mail_log import MailLog

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *(Alerts(), Firings(), Holdings(), Conversations(), Ideas()),
        *(ClubActivity(), ActiveUsers(), MailLog()),
    )
}


def offered(user: User) -> dict[str, tuple[Kind, Option]]:
    """Return the reports that a user may request, by the value of the page's choice; one query."""
    options = {}
    for kind in KINDS.values():
        for option in kind.options(user):
            options["/".join([kind.name, *option.params.values()])] = (kind, option)
    return options


def kind_of(report: Report) -> Kind | None:
    """Return the kind of a report; None if another version of the program wrote it."""
    return KINDS.get(report.kind)


def title_of(report: Report) -> str:
    """Return a report's name in the active language."""
    kind = kind_of(report)
    return kind.title(report.params) if kind else report.kind


def is_allowed(report: Report, user: User) -> bool:
    """Return whether a user may still see the file of their report; at most one query."""
    kind = kind_of(report)
    return bool(kind and user.is_active and kind.is_allowed(user, report.params))


def reports_of(user: User) -> "QuerySet[Report]":
    """Return a user's reports, newest first."""
    return Report.objects.filter(owner=user).order_by("-pk")


def downloadable(report_pk: int, user: User) -> Report:
    """Return a report whose file a user may download now; at most two queries.

    Raises: Report.DoesNotExist (another user's, not done, or expired), DomainError (`forbidden`).
    """
    report = Report.objects.get(owner=user, pk=report_pk)
    if report.state != Report.State.DONE or not report.file:
        raise Report.DoesNotExist
    if not is_allowed(report, user):
        raise DomainError("forbidden")
    return report


def worker_seen() -> tuple[bool, datetime | None]:
    """Return whether a worker runs, and when one was last seen (None if never). One round trip.

    Without Redis no worker gets work.
    """
    try:
        with client().pipeline(transaction=False) as pipeline:
            pipeline.pttl(board.WORKER_KEY)
            pipeline.get(board.WORKER_SEEN_KEY)
            left_ms, seen = pipeline.execute()
    except redis.RedisError:
        return False, None
    is_there = is_lease_held(left_ms, lease_ms=board.WORKER_LEASE_MS)
    return is_there, datetime.fromtimestamp(int(seen), UTC) if seen else None


def file_name(report: Report) -> str:
    """Return the name for saving the file, such as `pregao-alerts-12.csv`."""
    return f"pregao-{report.kind}-{report.pk}.{report.format}"


CONTENT_TYPES: dict[Any, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
