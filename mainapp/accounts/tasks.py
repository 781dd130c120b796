"""Celery tasks for profile pictures."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError

from mainapp.accounts.services import avatars

logger = logging.getLogger(__name__)


@shared_task(name="make_thumbnails", ignore_result=True)
def make_thumbnails(user_id: int) -> None:
    """Make the thumbnails of a user's new picture; the sweep repeats a failed attempt."""
    avatars.make_thumbnails(user_id=user_id)


@shared_task(name="sweep_pictures", ignore_result=True)
def sweep_pictures() -> None:
    """Make the thumbnails left pending by a crash, and remove unused folders."""
    avatars.sweep_pictures()


def queue_thumbnails(user_id: int) -> None:
    """Queue `make_thumbnails`; without a broker the sweep makes them later."""
    try:
        make_thumbnails.apply_async(args=(user_id,), retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("thumbnails could not be queued: %s", error)
