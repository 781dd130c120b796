"""What notifications do in the background."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError

from mainapp.notifications.services.delivering import deliver_due, tell_inboxes

logger = logging.getLogger(__name__)


@shared_task(name="deliver", ignore_result=True)
def deliver() -> None:
    """Send what is due."""
    deliver_due()


def nudge_worker() -> None:
    """Have a worker look at the outbox now; a nudge that is lost, the next sweep makes good."""
    try:
        deliver.apply_async(expires=60, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("the outbox waits for its sweep: %s", error)


def send_hints(users: list[int] | None, has_deliveries: bool) -> None:
    """Tell open pages and the worker what was committed; the rows are the truth."""
    if users is None or users:
        tell_inboxes(users)
    if has_deliveries:
        nudge_worker()
