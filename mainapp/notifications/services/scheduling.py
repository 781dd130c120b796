"""Periodic tasks of the outbox, for Celery beat."""

from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

SWEEP_S = 10


def ensure_sweep() -> None:
    """Create the periodic `deliver` and the nightly pruning, once; an admin's changes are kept.

    The periodic `deliver` sends retries, deliveries whose claims expired in a crash, and those
    whose hint was lost.
    """
    if not PeriodicTask.objects.filter(name="deliver").exists():
        PeriodicTask.objects.create(
            name="deliver",
            task="deliver",
            interval=IntervalSchedule.objects.create(
                every=SWEEP_S, period=IntervalSchedule.SECONDS
            ),
            expire_seconds=SWEEP_S,
        )
    if not PeriodicTask.objects.filter(name="prune_notifications").exists():
        night = CrontabSchedule.objects.create(minute="45", hour="3", timezone=settings.TIME_ZONE)
        PeriodicTask.objects.create(
            name="prune_notifications", task="prune_notifications", crontab=night
        )
