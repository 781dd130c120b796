"""Background tasks of the clubs."""

from celery import shared_task
from django.utils import timezone

from mainapp.clubs.services import clubs


@shared_task(name=clubs.SWEEP, ignore_result=True)
def remove_deleted_clubs() -> None:
    """Remove the clubs that were deleted 30 days ago."""
    clubs.remove_deleted_clubs(at=timezone.now())
