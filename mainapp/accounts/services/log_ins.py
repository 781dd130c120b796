"""Ending and pruning of log-ins: the sessions of the site and of the API, and exchanged tokens."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from mainapp.accounts.models import User
from mainapp.accounts.services.sessions import forget_ended_sessions

PRUNING = "prune_log_ins"


def end_log_ins(*, user: User) -> None:
    """Delete a user's sessions, so that reactivating the account does not revive them.

    Those that were opened before the list of sessions existed, and not used since, are not in it:
    only their data names the user, and each session outside the list is decoded.
    """
    listed = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    keys = [*listed, *_unlisted_keys(user)]
    Session.objects.filter(session_key__in=keys).delete()


def _unlisted_keys(user: User) -> list[str]:
    is_listed = Exists(UserSession.objects.filter(session_key=OuterRef("session_key")))
    unexpired = Session.objects.filter(~is_listed, expire_date__gt=timezone.now())
    return [
        session.session_key
        for session in unexpired.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]


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
