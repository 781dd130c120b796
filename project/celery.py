"""The Celery application, which reconnects to a lost broker five times a second."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import beat_init, worker_init, worker_shutdown
from kombu import Connection

from mainapp.core.database import ProcessLimit
from mainapp.core.processes import BEAT, WORKER, announce_start, announce_stop

DATABASE_CALL_S = 60.0
RETRY_INTERVALS = {"interval_start": 0.2, "interval_step": 0, "interval_max": 0.2}


class SteadyConnection(Connection):
    """A connection that retries at constant intervals and reports the failure once.

    Celery's worker waits 2, 4, 6 … s between attempts, and needed 13 s to reconnect after a minute
    without Redis; with constant intervals it needs 1.5 s.
    """

    _needs_writing = False

    def ensure_connection(
        self, errback: Callable[[Any, Any], Any] | None = None, *args: Any, **options: Any
    ) -> Any:
        reported: list[Any] = []

        def report_once(error: Any, pause_s: Any) -> None:
            if errback and not reported:
                reported.append(error)
                errback(error, pause_s)

        self._needs_writing = True
        return super().ensure_connection(report_once, *args, **options | RETRY_INTERVALS)

    def _establish_connection(self) -> Any:
        """Connect; for worker and beat, which call `ensure_connection`, only to a writable Redis.

        Without this, a worker reconnected to a read-only Redis six times a second, with tracebacks.
        """
        if self._needs_writing:
            transport: Any = self.transport
            return transport.establish_writable_connection()
        return super()._establish_connection()

    def maybe_close_channel(self, channel: Any) -> None:
        """Close a channel, even if its connection is lost.

        kombu then cannot return unacknowledged tasks to the broker, and its AttributeError would
        end the worker. Nothing is lost: the work is in database rows, or is requested again.
        """
        with suppress(AttributeError):
            super().maybe_close_channel(channel)


class SteadyAMQP(AMQP):
    Connection = SteadyConnection


app = Celery("pregao", amqp=SteadyAMQP, task_cls="project.periodic:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def limit_database_calls(**_kwargs: Any) -> None:
    """Make database calls fail after DATABASE_CALL_S, so that none blocks its thread forever."""
    ProcessLimit.call_s = DATABASE_CALL_S


def wait_for_database_schema() -> None:
    """Wait for the migrations of a `setup` that starts together with this process, or later."""
    from mainapp.core.schema import wait_for_schema  # noqa: PLC0415 - needs loaded models

    wait_for_schema()


@worker_init.connect
def start_worker(**_kwargs: Any) -> None:
    limit_database_calls()
    wait_for_database_schema()
    announce_start(WORKER)


@beat_init.connect
def start_beat(**_kwargs: Any) -> None:
    limit_database_calls()
    announce_start(BEAT)


worker_shutdown.connect(announce_stop)
