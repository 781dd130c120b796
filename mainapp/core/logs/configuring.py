"""Set-up of logging: Django's LOGGING, warnings, and uncaught errors of processes and threads."""

import logging
import logging.config
import sys
import threading
from types import TracebackType
from typing import Any

from celery.signals import setup_logging

logger = logging.getLogger(__name__)


def configure(config: dict[str, Any]) -> None:
    """Apply LOGGING, and route warnings and uncaught errors through it."""
    logging.config.dictConfig(config)
    logging.captureWarnings(True)
    sys.excepthook = log_uncaught
    threading.excepthook = _log_uncaught_of_thread


@setup_logging.connect
def _keep_logging(loglevel: int | None = None, **_signal: Any) -> None:
    """Apply the option --loglevel to Celery's own records.

    Without a receiver of this signal, Celery would replace our handlers and formats.
    """
    for name in ("celery", "kombu", "django_celery_beat"):
        logging.getLogger(name).setLevel(loglevel or logging.WARNING)


def log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("an error ends the process", exc_info=(kind, error, trace))


def _log_uncaught_of_thread(failure: Any) -> None:
    if failure.exc_type is SystemExit:
        return
    name = failure.thread.name if failure.thread else "a thread"
    error = (failure.exc_type, failure.exc_value, failure.exc_traceback)
    logger.critical("an error ends the thread %s", name, exc_info=error)
