"""Background tasks for pictures."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError

from mainapp.core.pictures import kinds

logger = logging.getLogger(__name__)


@shared_task(name="make_thumbnails", ignore_result=True)
def make_thumbnails(kind: str, pk: int) -> None:
    """Make the thumbnails of a new picture; the sweep repeats a failed attempt."""
    kinds.make_thumbnails(kind, pk)


@shared_task(name=kinds.SWEEP, ignore_result=True)
def sweep_pictures() -> None:
    """Make the thumbnails left pending by a crash, and remove unused folders."""
    kinds.sweep_pictures()


def queue_thumbnails(kind: str, pk: int) -> None:
    """Queue `make_thumbnails`; without a broker the sweep makes them later."""
    try:
        make_thumbnails.apply_async(args=(kind, pk), retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("thumbnails could not be queued: %s", error)
