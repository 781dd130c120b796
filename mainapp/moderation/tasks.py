"""Background tasks of moderation."""

from celery import shared_task
from django.utils import timezone

from mainapp.moderation.policies import KEPT
from mainapp.moderation.services.complaints import FORGETTING, forget_copies


@shared_task(name=FORGETTING, ignore_result=True)
def forget() -> None:
    """Remove the copies of cases that were decided long ago."""
    forget_copies(before=timezone.now() - KEPT)
