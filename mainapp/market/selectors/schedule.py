"""The interval of `update_stock`: UPDATE_INTERVAL_S, unless an admin has changed it."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django_celery_beat.models import PeriodicTask

TASK = "update_stock"
CRONTAB_INTERVAL = timedelta(seconds=60)
_SETTING = "UPDATE_INTERVAL_S="


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Beat's interval, None while the task is disabled, and whether UPDATE_INTERVAL_S set it.

    With `is_crontab` the interval is only what counts as one.
    """

    interval: timedelta | None
    is_from_setting: bool
    is_crontab: bool = False


def update_schedule() -> Schedule:
    """Return the schedule in force. One query."""
    task = PeriodicTask.objects.filter(name=TASK).select_related("interval").first()
    if task is None:
        every = timedelta(seconds=settings.UPDATE_INTERVAL_S)
        return Schedule(interval=every, is_from_setting=True)
    return Schedule(
        interval=interval_of(task) if task.enabled else None,
        is_from_setting=is_from_setting(task),
        is_crontab=task.interval is None,
    )


def interval_of(task: PeriodicTask) -> timedelta:
    if task.interval is None:
        return CRONTAB_INTERVAL
    return timedelta(**{task.interval.period: task.interval.every})


def is_from_setting(task: PeriodicTask) -> bool:
    """Return whether the interval is still the one that UPDATE_INTERVAL_S set.

    The task's description records that value, where admins can read it.
    """
    every_s = interval_of(task).total_seconds()
    return task.interval is not None and task.description == description(int(every_s))


def description(every_s: int) -> str:
    return f"{_SETTING}{every_s}"
