"""Sweep of expired report files, and of files that belong to no report."""

from datetime import datetime

from django.db.models import Q
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.operations.models import Report
from mainapp.operations.services.reports.files import remove_files, remove_orphans

SWEEP = "sweep_reports"
SWEEP_S = 15


def sweep_files(*, at: datetime) -> int:
    """Delete expired reports' files (rows stay) and orphaned files; return their number."""
    expired = Report.objects.filter(~Q(file=""), expires_at__lte=at)
    for pk, key in list(expired.values_list("pk", "key")):
        Report.objects.filter(pk=pk).update(file="")
        remove_files(key)
    has_file = Q(state__in=Report.OPEN) | ~Q(file="")
    return remove_orphans(set(Report.objects.filter(has_file).values_list("key", flat=True)))


def ensure_sweep() -> None:
    """Schedule the sweep unless it exists, so that an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=SWEEP).exists():
        every = IntervalSchedule.objects.create(every=SWEEP_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=SWEEP, task=SWEEP, interval=every, expire_seconds=SWEEP_S)
