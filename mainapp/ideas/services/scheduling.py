"""The schedule of the background work of ideas."""

from datetime import datetime

from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.ideas.services.adjusting import follow_events
from mainapp.ideas.services.judging import expire_overdue

SWEEP = "judge_overdue_ideas"
SWEEP_S = 60


def sweep_ideas(*, at: datetime) -> None:
    """Apply events that became known, and end ideas whose stocks have no quotes any more."""
    follow_events(at=at)
    expire_overdue(at=at)


def ensure_sweep() -> None:
    """Schedule the sweep unless it exists; an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=SWEEP).exists():
        every = IntervalSchedule.objects.create(every=SWEEP_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=SWEEP, task=SWEEP, interval=every, expire_seconds=SWEEP_S)
