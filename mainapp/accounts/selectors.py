"""Reads about users and their sessions."""

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


def user_of_ticket(ticket: Ticket) -> User | None:
    """Return whom a ticket was made for, while the login that it was made from lives."""
    if ticket.session_key:
        return users_of_sessions([ticket.session_key]).get(ticket.session_key)
    user = User.objects.filter(pk=ticket.user_id, is_active=True).first()
    if user is None or not constant_time_compare(ticket.auth_hash, user.get_session_auth_hash()):
        return None
    return user


def avatar_url(user: User | None, size: int) -> str | None:
    """Return the address of a picture of 48, 150 or 600 pixels; None without one. No query."""
    if user is None or not user.avatar_key:
        return None
    return reverse("avatar", args=[user.avatar_key, size])


def removed_user_name() -> str:
    """Return what stands where the name of a person without an account stood."""
    return _("usuário removido")


def name_of(user: User | None) -> str:
    """Return what others call the author of a thing, who may have gone."""
    return user.name if user else removed_user_name()


def person(pk: int) -> User:
    """Return an active user. Raises: User.DoesNotExist."""
    return User.objects.get(pk=pk, is_active=True)


def preferences_of(user: User) -> Preferences:
    """Return what a user prefers, the defaults where nothing was chosen; one query at most."""
    try:
        return user.preferences
    except Preferences.DoesNotExist:
        return Preferences(user=user)


def monitoring_minutes_of(user: User) -> int:
    """Return the period of new alerts: 0 looks at every quote; one query at most."""
    return preferences_of(user).monitoring_minutes


def standing_of(
    session_keys: Collection[str], user_ids: Collection[int]
) -> tuple[set[str], dict[int, Rights]]:
    """Return which sessions live, and the rights of the active users; two queries, none decoded.

    A session that was found valid once stays so while it lives and its user's password is the same.
    """
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    users = User.objects.filter(pk__in=user_ids, is_active=True)
    rows = users.values_list("pk", "password", "access_level")
    return (
        set(sessions.values_list("session_key", flat=True)),
        {pk: Rights(*rights) for pk, *rights in rows},
    )


def _is_valid(user: User, data: dict[str, str]) -> bool:
    """Tell whether a session belongs to the user's present password and a known backend."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    return constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
