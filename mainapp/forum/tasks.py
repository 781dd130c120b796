"""Background tasks of the forum."""

from celery import shared_task
from django.utils import timezone

from mainapp.forum.services.talk import notify_talk


@shared_task(name="notify_talk", ignore_result=True)
def notify() -> None:
    """Notify people of unread messages in their private rooms."""
    notify_talk(at=timezone.now())
