"""Celery tasks of operations."""

from celery import shared_task
from django.utils import timezone

from mainapp.operations.services import sealing


@shared_task(name=sealing.TASK, ignore_result=True)
def seal_audit() -> None:
    """Seal new audit entries into the chain."""
    sealing.seal_entries(at=timezone.now())
