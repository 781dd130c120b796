"""Background tasks of notifications."""

import logging
from typing import Any

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.notifications.selectors.deliveries import has_campaign_work
from mainapp.notifications.services import campaigning
from mainapp.notifications.services.delivering import deliver_due, notify_inboxes
from mainapp.notifications.services.inbox import prune_notifications
from mainapp.notifications.services.outbox import correct_due_times

logger = logging.getLogger(__name__)


@shared_task(name="deliver", ignore_result=True)
def deliver() -> None:
    """Send due deliveries; start the sending of campaigns if there is any to do."""
    correct_due_times(at=timezone.now())
    deliver_due()
    if has_campaign_work(timezone.now()):
        _enqueue(send_campaigns)


@shared_task(name="send_campaigns", ignore_result=True)
def send_campaigns() -> None:
    """Write and send campaigns' inboxes and e-mails, at most once per person."""
    campaigning.send_campaigns()


@shared_task(name="prune_notifications", ignore_result=True)
def prune() -> None:
    """Delete old notifications and finished deliveries."""
    prune_notifications(at=timezone.now())


def wake_worker() -> None:
    """Ask a worker to process the outbox now; without a broker, the next sweep does it."""
    _enqueue(deliver)


def _enqueue(task: Any) -> None:
    try:
        task.apply_async(expires=60, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("the outbox waits for its sweep: %s", error)


def send_hints(users: list[int] | None, has_deliveries: bool) -> None:
    """Notify open pages and the worker of committed rows. Hints may be lost; rows are polled."""
    if users is None or users:
        notify_inboxes(users)
    if has_deliveries:
        wake_worker()
