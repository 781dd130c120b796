"""Celery tasks for profile pictures and log-ins."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.accounts.services import avatars, log_ins

logger = logging.getLogger(__name__)


@shared_task(name="make_thumbnails", ignore_result=True)
def make_thumbnails(user_id: int) -> None:
    """Make the thumbnails of a user's new picture; the sweep repeats a failed attempt."""
    avatars.make_thumbnails(user_id=user_id)


@shared_task(name="sweep_pictures", ignore_result=True)
def sweep_pictures() -> None:
    """Make the thumbnails left pending by a crash, and remove unused folders."""
    avatars.sweep_pictures()


@shared_task(name=log_ins.PRUNING, ignore_result=True)
def prune_log_ins() -> None:
    """Delete expired sessions and tokens."""
    log_ins.prune_log_ins(at=timezone.now())


def queue_thumbnails(user_id: int) -> None:
    """Queue `make_thumbnails`; without a broker the sweep makes them later."""
    try:
        make_thumbnails.apply_async(args=(user_id,), retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("thumbnails could not be queued: %s", error)
