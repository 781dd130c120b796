"""Background tasks of notifications."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.notifications.services.broadcasts import write_batch
from mainapp.notifications.services.delivering import deliver_due, notify_inboxes
from mainapp.notifications.services.inbox import prune_notifications
from mainapp.notifications.services.outbox import correct_due_times

logger = logging.getLogger(__name__)


@shared_task(name="deliver", ignore_result=True)
def deliver() -> None:
    """Send due deliveries and, batch by batch, the e-mails of unfinished broadcasts."""
    correct_due_times(at=timezone.now())
    while write_batch(at=timezone.now()):
        deliver_due()
    deliver_due()


@shared_task(name="prune_notifications", ignore_result=True)
def prune() -> None:
    """Delete old notifications and finished deliveries."""
    prune_notifications(at=timezone.now())


def wake_worker() -> None:
    """Ask a worker to process the outbox now; without a broker, the next sweep does it."""
    try:
        deliver.apply_async(expires=60, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("the outbox waits for its sweep: %s", error)


def send_hints(users: list[int] | None, has_deliveries: bool) -> None:
    """Notify open pages and the worker of committed rows. Hints may be lost; rows are polled."""
    if users is None or users:
        notify_inboxes(users)
    if has_deliveries:
        wake_worker()
