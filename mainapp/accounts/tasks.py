"""Celery tasks for log-ins."""

from celery import shared_task
from django.utils import timezone

from mainapp.accounts.services import log_ins


@shared_task(name=log_ins.PRUNING, ignore_result=True)
def prune_log_ins() -> None:
    """Delete expired sessions and tokens."""
    log_ins.prune_log_ins(at=timezone.now())
