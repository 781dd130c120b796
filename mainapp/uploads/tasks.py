"""Celery tasks of uploads."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.uploads.services import uploads

logger = logging.getLogger(__name__)


@shared_task(name="make_upload_thumbnails", ignore_result=True)
def make_thumbnails(pk: int) -> None:
    """Make the thumbnails of a picture; the sweep repeats a failed try."""
    uploads.make_thumbnails(pk=pk)


@shared_task(name=uploads.SWEEP, ignore_result=True)
def sweep() -> None:
    """Make missing thumbnails, and remove uploads that were never attached."""
    uploads.sweep_uploads(at=timezone.now())


@shared_task(name=uploads.PRUNING, ignore_result=True)
def prune() -> None:
    """Remove uploads whose audience no longer exists."""
    uploads.prune_uploads()


def queue_thumbnails(pk: int) -> None:
    """Queue `make_upload_thumbnails`; without a broker the sweep makes them later."""
    try:
        make_thumbnails.apply_async(args=(pk,), retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("thumbnails could not be queued: %s", error)
