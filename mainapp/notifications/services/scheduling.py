"""What beat runs for the outbox."""

from django_celery_beat.models import IntervalSchedule, PeriodicTask

SWEEP_S = 10


def ensure_sweep() -> None:
    """Create beat's `deliver`, once; what the admin changed stays.

    It takes what a crash left, what is to be tried again, and what a lost hint did not tell of.
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
