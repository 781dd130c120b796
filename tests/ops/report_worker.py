"""Celery workers that are killed while they make reports; prints the outcome as JSON."""

import io
import json
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django

from tests.instances import wait_for

ROWS = 40_000
MIDDLE = 600_000  # bytes of rows: a quarter or so of the file
WORKER = (
    *("-m", "celery", "--quiet", "-A", "project", "worker", "--pool", "threads"),
    *("--concurrency", "4", "-Q", "update,listed,celery"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)


def main() -> None:
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - needs the settings

    from mainapp.accounts.models import User  # noqa: PLC0415 - needs the settings
    from mainapp.operations.tests.factories import make_mails  # noqa: PLC0415 - needs the settings

    call_command("migrate", verbosity=0)
    admin = User.objects.create_user("root", access_level="admin")
    make_mails(ROWS)
    worker = Worker()
    try:
        outcome = {"without_worker": without_worker(admin, worker)}
        for format_name in ("csv", "xlsx"):
            outcome[format_name] = under_kills(admin, worker, format_name)
        outcome["cancelled"] = cancelled(admin)
    finally:
        worker.kill()
    json.dump(outcome, sys.stdout)


class Worker:
    """A worker that is restarted after it was killed; a start takes seconds."""

    process: subprocess.Popen[bytes]

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, *WORKER], stdout=sys.stderr)  # noqa: S603 - ours

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def without_worker(admin: Any, worker: Worker) -> dict[str, Any]:
    """Request a report while no worker runs, then start one."""
    from mainapp.operations.selectors.reports import worker_seen  # noqa: PLC0415 - the same

    report = requested(admin, "csv", kind="active_users")
    is_there, _seen_at = worker_seen()
    before = report.state
    worker.start()
    wait_for(lambda: state_of(report) == "done", 60, "the report of the first worker")
    return {"is_there": is_there, "before": before}


def under_kills(admin: Any, worker: Worker, format_name: str) -> dict[str, Any]:
    """Kill workers in the middle of the rows, and of packing; compare with an undisturbed file."""
    from mainapp.operations.tests.factories import ReportFactory, run_to_end  # noqa: PLC0415 - the same

    report = ReportFactory(owner=admin, kind="mail_log", format=format_name)
    undisturbed = content_of(run_to_end(report))
    report = requested(admin, format_name)
    points = [written_rows]
    if format_name == "xlsx":
        points.append(packed)
    for reached in points:
        wait_for(partial(reached, report), 60, reached.__name__)
        worker.kill()
        report.refresh_from_db()
        assert report.state == "processing", report.state
        rows_at_kill = report.rows
        expire_lease(report)
        queue_copies(report)
        worker.start()
    wait_for(lambda: state_of(report) == "done", 60, "the resumed report")
    wait_for(lambda: len(files_of(report)) == 1, 10, "the removal of the rows")
    report.refresh_from_db()
    return {
        "is_equal": content_of(report) == undisturbed,
        "rows": report.rows,
        "claims": report.claims,
        "was_resumed": rows_at_kill > 0,
        "files": len(files_of(report)),
        "notices": notices(report),
    }


def cancelled(admin: Any) -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415 - the same

    from mainapp.operations.services.reports.requests import cancel_report  # noqa: PLC0415 - the same

    report = requested(admin, "csv")
    wait_for(lambda: written_rows(report), 60, "the rows of a report")
    cancel_report(owner=admin, report_pk=report.pk, at=timezone.now())
    other = requested(admin, "csv", kind="active_users")
    wait_for(lambda: state_of(other) == "done", 60, "the next report")
    wait_for(lambda: not files_of(report), 10, "the removal of the file")
    return {"state": state_of(report), "notices": notices(report)}


def requested(admin: Any, format_name: str, kind: str = "mail_log") -> Any:
    from django.utils import timezone  # noqa: PLC0415 - the same

    from mainapp.operations.services.reports.requests import request_report  # noqa: PLC0415 - the same

    return request_report(owner=admin, kind=kind, format=format_name, at=timezone.now())


def queue_copies(report: Any) -> None:
    from mainapp.operations.tasks import queue_report  # noqa: PLC0415 - the same

    for _ in range(3):
        queue_report(report.pk)


def expire_lease(report: Any) -> None:
    """Let a killed worker's lease expire, as half a minute would."""
    from django.db.models.functions import Now  # noqa: PLC0415 - the same

    from mainapp.operations.models import Report  # noqa: PLC0415 - the same

    Report.objects.filter(pk=report.pk).update(lease_until=Now() - timedelta(seconds=1))
    report.refresh_from_db()


def state_of(report: Any) -> str:
    report.refresh_from_db()
    return str(report.state)


def files_of(report: Any) -> list[Path]:
    from django.conf import settings  # noqa: PLC0415 - the same

    return list(Path(settings.REPORTS_DIR).glob(f"{report.key}*"))


def written_rows(report: Any) -> bool:
    return any(path.stat().st_size > MIDDLE for path in files_of(report))


def packed(report: Any) -> bool:
    return any(path.suffix == ".xlsx" for path in files_of(report))


def content_of(report: Any) -> Any:
    """Return the bytes of a CSV file, or all members of a workbook: a ZIP has times in it."""
    from zipfile import ZipFile  # noqa: PLC0415 - the same

    (path,) = files_of(report)
    data = path.read_bytes()
    if report.format == "csv":
        return data
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def notices(report: Any) -> int:
    from mainapp.notifications.models import Notification  # noqa: PLC0415 - the same

    return Notification.objects.filter(dedupe_key__startswith=f"report.{report.pk}.").count()


if __name__ == "__main__":
    sys.exit(main())
