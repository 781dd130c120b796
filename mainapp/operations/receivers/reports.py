"""Signal receivers: queue requested reports after the commit, remove files of deleted reports."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from mainapp.operations.models import Report
from mainapp.operations.services.reports.files import remove_files
from mainapp.operations.signals import report_requested
from mainapp.operations.tasks import queue_report


@receiver(report_requested)
def queue_after_commit(report_pk: int, **_signal: Any) -> None:
    transaction.on_commit(lambda: queue_report(report_pk))


@receiver(post_delete, sender=Report)
def remove_files_after_commit(instance: Report, **_signal: Any) -> None:
    transaction.on_commit(lambda: remove_files(instance.key))
