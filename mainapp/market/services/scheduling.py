"""The market's periodic tasks: quotes, corporate events, uploaded files, pruning of candles."""

from django.conf import settings
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from mainapp.market.selectors.schedule import TASK, description, interval_of, is_from_setting

PRUNING = "prune_candles"
FILES, FILES_S = "load_history_files", 60
EVENTS, EVENTS_S = "read_corporate_events", 60
DEFAULT_S = 10


@transaction.atomic
def ensure_periodic_tasks() -> None:
    """Create missing tasks, and apply a new UPDATE_INTERVAL_S; admins' changes stay."""
    task = PeriodicTask.objects.filter(name=TASK).select_related("interval").first()
    if task is None:
        _apply_interval(PeriodicTask(name=TASK, task=TASK))
    elif is_from_setting(task) or _is_unrecorded_default(task):
        every_s = interval_of(task).total_seconds()
        if every_s != settings.UPDATE_INTERVAL_S or not task.description:
            _apply_interval(task)
    if not PeriodicTask.objects.filter(name=PRUNING).exists():
        night = CrontabSchedule.objects.create(minute="15", hour="3", timezone=settings.TIME_ZONE)
        PeriodicTask.objects.create(name=PRUNING, task=PRUNING, crontab=night)
    for name, every_s in ((FILES, FILES_S), (EVENTS, EVENTS_S)):
        if not PeriodicTask.objects.filter(name=name).exists():
            every = IntervalSchedule.objects.create(every=every_s, period=IntervalSchedule.SECONDS)
            PeriodicTask.objects.create(
                name=name, task=name, interval=every, expire_seconds=every_s
            )


def _apply_interval(task: PeriodicTask) -> None:
    every_s = settings.UPDATE_INTERVAL_S
    # A new row: the admin may use the old one for other tasks.
    task.interval = IntervalSchedule.objects.create(every=every_s, period=IntervalSchedule.SECONDS)
    task.expire_seconds = every_s
    task.description = description(every_s)
    task.save()  # django-celery-beat's signal makes beat read the schedule again


def _is_unrecorded_default(task: PeriodicTask) -> bool:
    """Return whether an earlier version, which recorded nothing, may have set the interval."""
    is_unchanged = task.interval is not None and not task.description
    every_s = interval_of(task).total_seconds()
    return is_unchanged and every_s in (DEFAULT_S, settings.UPDATE_INTERVAL_S)
