"""Background tasks of ideas."""

from celery import shared_task
from django.utils import timezone

from mainapp.ideas.services import scheduling


@shared_task(name=scheduling.SWEEP, ignore_result=True)
def judge_overdue_ideas() -> None:
    """Follow corporate events, and end the ideas whose horizon has passed."""
    scheduling.sweep_ideas(at=timezone.now())
