"""Make a report: write its rows to a file in batches, and store the progress after each.

If a worker is killed, its lease expires, and its file may be longer than the stored size. The next
worker truncates the file to that size and continues after the last stored row, so no row is lost or
duplicated. The rows of a workbook are first written as lines of XML and packed at the end; only the
packing has to be repeated.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from time import monotonic
from typing import IO, Any

from django.db import transaction
from django.db.models import Count, Max
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mainapp.accounts.models import User, language_of
from mainapp.core.spreadsheets import csv_rows, write_workbook, xlsx_rows
from mainapp.notifications.services.delivering import stopping
from mainapp.notifications.services.notices import notify
from mainapp.operations.models import Report
from mainapp.operations.policies import BATCH, KEPT, MAX_TRIES, SLICE_S
from mainapp.operations.selectors.reports import is_allowed, kind_of, title_of
from mainapp.operations.selectors.reports.kind import Kind
from mainapp.operations.services.reports.files import (
    folder,
    open_file,
    open_part,
    remove_files,
    store,
)
from mainapp.operations.services.reports.leases import (
    ClaimLostError,
    change_claimed,
    claim_report,
    release_report,
    renew_lease,
)

logger = logging.getLogger(__name__)

NOTICE = "report"
RENEW = timedelta(seconds=5)
# Percentage points of a workbook's progress for its rows; the remaining ones are for packing.
ROWS_PCT = {Report.Format.CSV: 99, Report.Format.XLSX: 80}


class RefusedError(Exception):
    """The report cannot be made; the reason is in the owner's language."""


def run_report(*, report_pk: int) -> bool:
    """Work on a report for at most SLICE_S; return whether there may be more to do now.

    Returns False at once if the report is closed or another worker has it. Safe to repeat.
    """
    report = claim_report(report_pk=report_pk)
    if report is None:
        return False
    with translation.override(language_of(report.owner)):
        try:
            _work(report)
        except RefusedError as error:
            _finish(report, Report.State.FAILED, error=str(error))
        except ClaimLostError:
            _drop_own_files(report)
        except OSError:
            logger.exception("report %s could not be written", report.pk)
            _release_after_failure(report)
    return True


def _work(report: Report) -> None:
    kind = _checked_kind(report)
    if not _write_rows(report, kind):
        release_report(report, tries=0)
        return
    name = report.file
    if report.format == Report.Format.XLSX:
        name = _pack(report, kind)
    _finish(report, Report.State.DONE, file=name)


def _checked_kind(report: Report) -> Kind:
    kind = kind_of(report)
    if kind is None:
        raise RefusedError(_("Este tipo de relatório não existe mais."))
    if report.tries > MAX_TRIES:
        template = _("O servidor não conseguiu terminar em %(tries)s tentativas. Peça de novo.")
        raise RefusedError(template % {"tries": MAX_TRIES})
    _check_rights(report)
    return kind


def _check_rights(report: Report) -> None:
    owner = User.objects.filter(pk=report.owner_id).first()
    if owner is None or not is_allowed(report, owner):
        raise RefusedError(_("Você não tem mais permissão para este relatório."))


def _write_rows(report: Report, kind: Kind) -> bool:
    """Append missing rows; return whether all rows are written now."""
    encode = csv_rows if report.format == Report.Format.CSV else xlsx_rows
    query = kind.rows(report.owner, report.params)
    ends_at = monotonic() + SLICE_S
    with closing(_opened(report)) as file:
        if report.end_key is None:
            _begin(report, kind, file)
        rows = query.filter(pk__lte=report.end_key).order_by("pk")
        while not stopping.is_set() and monotonic() < ends_at:
            batch = list(rows.filter(pk__gt=report.last_key)[:BATCH])
            if not batch:
                return True
            _append(report, file, encode([kind.cells(row) for row in batch]), batch)
            _check_rights(report)
    return False


def _append(report: Report, file: IO[bytes], data: bytes, batch: Sequence[Any]) -> None:
    store(file, data)
    rows = report.rows + len(batch)
    share = min(1.0, rows / max(report.total, 1))
    renew_lease(
        report,
        file=report.file,
        last_key=batch[-1][0],
        rows=rows,
        size=report.size + len(data),
        progress=int(ROWS_PCT[Report.Format(report.format)] * share),
    )


def _opened(report: Report) -> IO[bytes]:
    """Open the file after its last stored row, or a new one, for which `end_key` is None.

    After a release the file is reused. A killed or paused worker's file is copied, because that
    worker may still write to it.
    """
    is_released = bool(report.file) and report.tries == 1
    name = report.file if is_released else f"{report.key}-{report.claims}.rows"
    if report.end_key is not None:
        try:
            file = open_part(name, earlier=report.file, size=report.size)
        except FileNotFoundError:
            logger.warning("the file of report %s is lost: starting again", report.pk)
            report.end_key = None
    if report.end_key is None:
        file = open_part(name, earlier="", size=0)
    report.file = name  # stored with the next batch
    return file


def _begin(report: Report, kind: Kind, file: IO[bytes]) -> None:
    """Store the range of the report's rows, and the heading of a CSV file."""
    query = kind.rows(report.owner, report.params).order_by()
    bounds = query.aggregate(last=Max("pk"), count=Count("pk"))
    heading = b""
    if report.format == Report.Format.CSV:
        heading = csv_rows([_heading(kind)], is_start=True)
    store(file, heading)
    renew_lease(
        report,
        file=report.file,
        size=len(heading),
        rows=0,
        last_key=0,
        end_key=bounds["last"] or 0,
        total=bounds["count"],
    )


def _heading(kind: Kind) -> list[str]:
    return [column.heading for column in kind.columns]


def _pack(report: Report, kind: Kind) -> str:
    name = f"{report.key}-{report.claims}.xlsx"
    with open_file(report.file) as rows:
        write_workbook(
            folder() / name,
            rows,
            heading=_heading(kind),
            title=str(kind.label),
            on_progress=_renewing(report),
        )
    return name


def _renewing(report: Report) -> Callable[[], None]:
    """Return a function that renews the lease every RENEW and detects a cancellation."""
    due_at = 0.0

    def renew() -> None:
        nonlocal due_at
        if monotonic() >= due_at:
            renew_lease(report)
            due_at = monotonic() + RENEW.total_seconds()

    return renew


def _finish(report: Report, state: Report.State, *, file: str = "", error: str = "") -> None:
    """End a report and notify its owner in one transaction; remove the working files.

    Raises: ClaimLostError.
    """
    at = timezone.now()
    is_done = state == Report.State.DONE
    with transaction.atomic():
        change_claimed(
            report,
            state=state,
            file=file,
            error=error[:300],
            progress=100 if is_done else report.progress,
            lease_until=None,
            finished_at=at,
            expires_at=at + KEPT,
        )
        title = _("Relatório pronto: %(kind)s") if is_done else _("Relatório falhou: %(kind)s")
        notify(
            user=report.owner,
            kind=NOTICE,
            title=title % {"kind": title_of(report)},
            body=error,
            url=reverse("reports"),
            dedupe_key=f"{NOTICE}.{report.pk}.{state}",
        )
    remove_files(report.key, but=file)


def _drop_own_files(report: Report) -> None:
    """Remove the files of a lost claim; a worker that took over has its own."""
    if not Report.objects.filter(pk=report.pk, state__in=Report.OPEN).exists():
        done = Report.objects.filter(pk=report.pk).values_list("file", flat=True).first()
        remove_files(report.key, but=done or "")
        return
    for path in folder().glob(f"{report.key}-{report.claims}.*"):
        path.unlink(missing_ok=True)


def _release_after_failure(report: Report) -> None:
    try:
        release_report(report)
    except ClaimLostError:
        _drop_own_files(report)
