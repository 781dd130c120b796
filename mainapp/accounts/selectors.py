"""Reads about users and their sessions."""

from collections.abc import Collection

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from mainapp.accounts.models import User


def users_of_sessions(keys: Collection[str]) -> dict[str, User]:
    """Return the active user behind each living session key; two queries, however many keys."""
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    decoded = {session.session_key: session.get_decoded() for session in sessions}
    ids = {data[SESSION_KEY] for data in decoded.values() if SESSION_KEY in data}
    if not ids:
        return {}
    users = {str(user.pk): user for user in User.objects.filter(pk__in=ids, is_active=True)}
    return {
        key: user
        for key, data in decoded.items()
        if (user := users.get(str(data.get(SESSION_KEY)))) and _is_valid(user, data)
    }


def _is_valid(user: User, data: dict[str, str]) -> bool:
    """Tell whether a session belongs to the user's present password and a known backend."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    return constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
