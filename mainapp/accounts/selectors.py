"""Queries of users and their sessions."""

from collections.abc import Collection

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from mainapp.accounts.fanout import Rights
from mainapp.accounts.models import Preferences, User
from mainapp.accounts.tickets import Ticket


def users_of_sessions(keys: Collection[str]) -> dict[str, User]:
    """Return the active user of each unexpired session; two queries for any number of keys."""
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


def user_of_ticket(ticket: Ticket) -> User | None:
    """Return the user of a ticket; None if the log-in that it was issued for has ended."""
    if ticket.session_key:
        return users_of_sessions([ticket.session_key]).get(ticket.session_key)
    user = User.objects.filter(pk=ticket.user_id, is_active=True).first()
    if user is None or not constant_time_compare(ticket.auth_hash, user.get_session_auth_hash()):
        return None
    return user


def avatar_url(user: User | None, size: int) -> str | None:
    """Return the URL of a picture of 48, 150 or 600 pixels; None without one. No query."""
    if user is None or not user.avatar_key:
        return None
    return reverse("avatar", args=[user.avatar_key, size])


def removed_user_name() -> str:
    """Return the placeholder for the name of a user whose account was deleted."""
    return _("usuário removido")


def name_of(user: User | None) -> str:
    """Return the public name of an author; None means that the account was deleted."""
    return user.name if user else removed_user_name()


def person(pk: int) -> User:
    """Return an active user. Raises: User.DoesNotExist."""
    return User.objects.get(pk=pk, is_active=True)


def preferences_of(user: User) -> Preferences:
    """Return a user's preferences, or unsaved defaults; one query at most."""
    try:
        return user.preferences
    except Preferences.DoesNotExist:
        return Preferences(user=user)


def monitoring_minutes_of(user: User) -> int:
    """Return the default period of new alerts; 0 checks every quote. One query at most."""
    return preferences_of(user).monitoring_minutes


def valid_sessions_and_rights(
    session_keys: Collection[str], user_ids: Collection[int]
) -> tuple[set[str], dict[int, Rights]]:
    """Return the unexpired sessions and the rights of the active users; two queries.

    Sessions are not decoded: one that was valid stays valid until it expires or is deleted, or its
    user's password changes.
    """
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    users = User.objects.filter(pk__in=user_ids, is_active=True)
    rows = users.values_list("pk", "password", "access_level")
    return (
        set(sessions.values_list("session_key", flat=True)),
        {pk: Rights(*rights) for pk, *rights in rows},
    )


def _is_valid(user: User, data: dict[str, str]) -> bool:
    """Return whether a session has the user's current password hash and a configured backend."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    return constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
