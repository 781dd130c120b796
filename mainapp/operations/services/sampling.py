"""Sample the instance once a minute, for the dashboard's curves."""

from datetime import datetime, timedelta
from typing import Any

import redis
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.accounts.fanout.online import online_users
from mainapp.operations.models import SLOTS, Sample
from mainapp.operations.selectors.dashboard import arrivals, batch_age_s, open_sockets

TASK, EVERY_S = "sample_instance", 60
MINUTE = timedelta(minutes=1)
# After a longer pause, rates per minute are unknown, instead of being averaged over the pause.
MAX_PAUSE = timedelta(minutes=5)


def write_sample(*, at: datetime) -> bool:
    """Write this minute's sample over that of two hours ago; return False if it exists already.

    Three queries, whose cost does not grow with the tables. Safe to repeat.
    """
    minute = at.replace(second=0, microsecond=0)
    before = Sample.objects.filter(minute__lte=minute).order_by("minute").last()
    if before is not None and before.minute == minute:
        return False
    sample = Sample(
        slot=int(minute.timestamp()) // 60 % SLOTS,
        minute=minute,
        **_database_values(before, minute),
        **_redis_values(at),
    )
    fields = [field.name for field in Sample._meta.fields if not field.primary_key]
    Sample.objects.bulk_create(
        [sample], update_conflicts=True, unique_fields=["slot"], update_fields=fields
    )
    return True


def ensure_sampling() -> None:
    """Schedule the sampling unless it exists, so that an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=TASK).exists():
        every = IntervalSchedule.objects.create(every=EVERY_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=TASK, task=TASK, interval=every, expire_seconds=EVERY_S)


def _database_values(before: Sample | None, minute: datetime) -> dict[str, Any]:
    new = arrivals(
        after_message=before.last_message if before else 0,
        after_firing=before.last_firing if before else 0,
    )
    minutes = (minute - before.minute) / MINUTE if before else 0.0
    is_known = 0 < minutes <= MAX_PAUSE / MINUTE
    return {
        "messages": round(new.messages / minutes) if is_known else None,
        "firings": round(new.firings / minutes) if is_known else None,
        "outbox": new.outbox,
        "last_message": new.last_message,
        "last_firing": new.last_firing,
    }


def _redis_values(at: datetime) -> dict[str, Any]:
    try:
        return {
            "sockets": open_sockets(),
            "online": len(online_users()),
            "batch_age_s": batch_age_s(at=at),
        }
    except redis.RedisError:
        return {}
