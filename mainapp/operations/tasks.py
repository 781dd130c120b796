"""Background tasks of operations."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.operations.services import sampling, sealing
from mainapp.operations.services.reports.leases import due_reports
from mainapp.operations.services.reports.making import run_report
from mainapp.operations.services.reports.sweeping import SWEEP, sweep_files

logger = logging.getLogger(__name__)


@shared_task(name="make_report", ignore_result=True)
def make_report(pk: int) -> None:
    """Work on a report, then queue due reports, including this one if it is not done."""
    if run_report(report_pk=pk):
        queue_due()


@shared_task(name=SWEEP, ignore_result=True)
def sweep_reports() -> None:
    """Queue reports that were never queued or that killed workers left; delete expired files."""
    queue_due()
    sweep_files(at=timezone.now())


def queue_due() -> None:
    for pk in due_reports():
        queue_report(pk)


def queue_report(pk: int) -> None:
    """Queue `make_report`; if there is no broker, the sweep does it later."""
    try:
        make_report.apply_async(args=(pk,), retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("report %s could not be queued: %s", pk, error)


@shared_task(name=sealing.TASK, ignore_result=True)
def seal_audit() -> None:
    """Seal new audit entries into the chain."""
    sealing.seal_entries(at=timezone.now())


@shared_task(name=sampling.TASK, ignore_result=True)
def sample_instance() -> None:
    """Write this minute's sample for the dashboard's curves."""
    sampling.write_sample(at=timezone.now())
