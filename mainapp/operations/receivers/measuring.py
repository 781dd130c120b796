"""Measure tasks, and start each process's meter."""

import time
from contextlib import suppress
from typing import Any

import redis
from celery.signals import after_task_publish, before_task_publish, task_postrun, task_prerun
from django.dispatch import receiver

from mainapp.core.processes import current_role, process_started, process_stopping
from mainapp.operations.board import SENT_AT, meter

_started_at: dict[str, float] = {}


@receiver(process_started, dispatch_uid="operations.start_meter")
def start_meter(**_signal: Any) -> None:
    meter().start()


@receiver(process_stopping, dispatch_uid="operations.publish_last")
def publish_last(**_signal: Any) -> None:
    with suppress(redis.RedisError):
        meter().publish()


@before_task_publish.connect
def add_time(headers: dict[str, Any], **_signal: Any) -> None:
    headers[SENT_AT] = round(time.time(), 3)


@after_task_publish.connect
def count_sent_task(sender: str, **_signal: Any) -> None:
    meter().count("tasks_sent", current_role(), sender)


@task_prerun.connect
def begin_task(task_id: str, **_signal: Any) -> None:
    _started_at[task_id] = time.perf_counter()


@task_postrun.connect
def count_task(task_id: str, task: Any, state: str | None = None, **_signal: Any) -> None:
    started_at = _started_at.pop(task_id, None)
    if started_at is None:
        return
    meter().count("tasks", task.name, (state or "unknown").lower())
    meter().observe("task_seconds", task.name, seconds=time.perf_counter() - started_at)
