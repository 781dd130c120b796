"""The Celery application; a lost broker is tried again twice a second."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from kombu import Connection

EVENLY = {"interval_start": 0.5, "interval_step": 0, "interval_max": 0.5}

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


class SteadyConnection(Connection):
    """A connection that retries at an even pace, and says so once.

    Celery's worker waits 2, 4, 6 … seconds between tries: 13 s more after a minute without Redis.
    """

    def ensure_connection(
        self, errback: Callable[[Any, Any], Any] | None = None, *args: Any, **options: Any
    ) -> Any:
        said: list[Any] = []

        def say_once(error: Any, pause_s: Any) -> None:
            if errback and not said:
                said.append(error)
                errback(error, pause_s)

        return super().ensure_connection(say_once, *args, **options | EVENLY)

    def maybe_close_channel(self, channel: Any) -> None:
        """Close a channel, its connection gone or not.

        kombu then cannot give back what was not acknowledged, and its AttributeError would end the
        worker: that work stands in rows, or is asked for again.
        """
        with suppress(AttributeError):
            super().maybe_close_channel(channel)


class SteadyAMQP(AMQP):
    Connection = SteadyConnection


app = Celery("pregao", amqp=SteadyAMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
