"""Reports requested, cancelled and deleted by their owners."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.operations.models import Report
from mainapp.operations.policies import KEPT, MAX_OPEN, NEW_REPORTS
from mainapp.operations.selectors.reports import KINDS
from mainapp.operations.services.reports.files import remove_files
from mainapp.operations.signals import report_requested


def request_report(
    *,
    owner: User,
    kind: str,
    params: Mapping[str, Any] | None = None,
    format: str = Report.Format.CSV,
    at: datetime,
) -> Report:
    """Create a pending report; a worker makes it after the commit.

    A user may request REPORTS_A_DAY and have MAX_OPEN open ones, exactly even under concurrent
    calls. Raises: DomainError (`invalid` with the fields, `forbidden`, `limit_reached`),
    RateLimited.
    """
    known = KINDS.get(kind)
    if known is None:
        fields = {"kind": [gettext("Este tipo de relatório não existe.")]}
        raise DomainError("invalid", _("Confira os campos."), fields=fields)
    if not known.is_offered(owner):
        raise DomainError("forbidden")
    cleaned = known.clean(owner, params or {})
    with transaction.atomic():
        check_and_increment_quota(owner, NEW_REPORTS, at=at)
        if Report.objects.filter(owner=owner, state__in=Report.OPEN).count() >= MAX_OPEN:
            template = _("São até %(limit)s relatórios de cada vez: espere um terminar.")
            raise DomainError("limit_reached", template, {"limit": MAX_OPEN})
        report = Report.objects.create(
            owner=owner, kind=kind, params=cleaned, format=format, created_at=at
        )
        report_requested.send(sender=None, report_pk=report.pk)
    return report


def cancel_report(*, owner: User, report_pk: int, at: datetime) -> Report:
    """Cancel an open report; its worker stops after the current batch. Safe to repeat.

    Raises: Report.DoesNotExist, DomainError (`conflict`: it has already ended).
    """
    own = Report.objects.filter(owner=owner, pk=report_pk)
    cancelled = own.filter(state__in=Report.OPEN).update(
        state=Report.State.CANCELLED,
        lease_until=None,
        file="",
        finished_at=at,
        expires_at=at + KEPT,
    )
    report = own.get()
    if cancelled:
        transaction.on_commit(lambda: remove_files(report.key))
    elif report.state != Report.State.CANCELLED:
        raise DomainError("conflict", _("Este relatório já terminou."))
    return report


def delete_report(*, owner: User, report_pk: int) -> None:
    """Delete a report with its files, even while a worker makes it. Raises: Report.DoesNotExist."""
    Report.objects.get(owner=owner, pk=report_pk).delete()
