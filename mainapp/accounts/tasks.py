"""What is made of people's pictures in the background."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError

from mainapp.accounts.services import avatars

logger = logging.getLogger(__name__)


@shared_task(name="make_thumbnails", ignore_result=True)
def make_thumbnails(user_id: int) -> None:
    """Make the thumbnails of a person's new picture; what fails, the sweep makes good."""
    avatars.make_thumbnails(user_id=user_id)


@shared_task(name="sweep_pictures", ignore_result=True)
def sweep_pictures() -> None:
    """Make the thumbnails that a crash left unmade, and remove what nobody shows."""
    avatars.sweep_pictures()


def ask_for_thumbnails(user_id: int) -> None:
    """Have thumbnails made now; a lost ask waits for the sweep."""
    try:
        make_thumbnails.apply_async(args=(user_id,), retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("thumbnails could not be asked for: %s", error)
