"""Background tasks of the agenda."""

from celery import shared_task
from django.utils import timezone

from mainapp.agenda.services.announcing import announce_changes, announce_new, send_reminders


@shared_task(name="notify_agenda", ignore_result=True)
def notify_agenda() -> None:
    """Write the reminders and the notices of changes and new events that are due."""
    at = timezone.now()
    send_reminders(at=at)
    announce_changes(at=at)
    announce_new(at=at)
