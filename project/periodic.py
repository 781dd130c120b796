"""Base class of all tasks: refuses those that an outdated beat sent."""

import logging
from typing import Any

from celery.contrib.django.task import DjangoTask

logger = logging.getLogger(__name__)

NUMBER_HEADER = "beat_number"


class Task(DjangoTask):  # type: ignore[type-arg] # generic only for the type checker
    """A task that does nothing if it was sent by a beat that has since been replaced.

    The newer beat has read when each task last ran, and sends what is due. One query for each
    periodic task, none for others.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        number = (self.request.headers or {}).get(NUMBER_HEADER)
        if number is not None and _is_outdated(number):
            logger.warning("%s is refused: an outdated beat sent it", self.name)
            return None
        return super().__call__(*args, **options)


def _is_outdated(number: int) -> bool:
    # Imported here: the models need the settings, which Celery reads later than this module.
    from mainapp.core.leases import current_number  # noqa: PLC0415
    from mainapp.market.board import BEAT  # noqa: PLC0415

    return number < current_number(BEAT)
