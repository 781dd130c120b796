"""What notifications do in the background."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.notifications.services.broadcasts import write_batch
from mainapp.notifications.services.delivering import deliver_due, notify_inboxes
from mainapp.notifications.services.inbox import prune_notifications

logger = logging.getLogger(__name__)


@shared_task(name="deliver", ignore_result=True)
def deliver() -> None:
    """Send what is due, and the e-mails to everybody batch by batch."""
    while write_batch(at=timezone.now()):
        deliver_due()
    deliver_due()


@shared_task(name="prune_notifications", ignore_result=True)
def prune() -> None:
    """Delete what is long over."""
    prune_notifications(at=timezone.now())


def nudge_worker() -> None:
    """Have a worker look at the outbox now; a nudge that is lost, the next sweep makes good."""
    try:
        deliver.apply_async(expires=60, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("the outbox waits for its sweep: %s", error)


def send_hints(users: list[int] | None, has_deliveries: bool) -> None:
    """Tell open pages and the worker what was committed; the rows are the truth."""
    if users is None or users:
        notify_inboxes(users)
    if has_deliveries:
        nudge_worker()
