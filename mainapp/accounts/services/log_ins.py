"""Ending and pruning of log-ins: the sessions of the site and of the API, and exchanged tokens."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from mainapp.accounts.models import User
from mainapp.accounts.services.sessions import forget_ended_sessions

PRUNING = "prune_log_ins"


def end_log_ins(*, user: User) -> None:
    """Delete a user's unexpired sessions, so that reactivating the account does not revive them.

    Decodes every unexpired session, because the user is stored only inside the session's data.
    """
    unexpired = Session.objects.filter(expire_date__gt=timezone.now())
    keys = [
        session.session_key
        for session in unexpired.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=keys).delete()


def prune_log_ins(*, at: datetime) -> None:
    """Delete expired sessions, and the rows of exchanged refresh tokens that have expired."""
    Session.objects.filter(expire_date__lte=at).delete()
    forget_ended_sessions()
    OutstandingToken.objects.filter(expires_at__lte=at).delete()


def ensure_pruning() -> None:
    """Schedule the nightly pruning unless it exists; an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=PRUNING).exists():
        night = CrontabSchedule.objects.create(minute="5", hour="4", timezone=settings.TIME_ZONE)
        PeriodicTask.objects.create(name=PRUNING, task=PRUNING, crontab=night)
