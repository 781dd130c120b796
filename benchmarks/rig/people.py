"""Users with valid sessions, for logged-in clients."""

import json
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from mainapp.accounts.models import User

UNUSABLE = "!"


def write_cookies(path: str, count: int, *, name: str = "reader", password: str = UNUSABLE) -> None:
    """Create users with a session each and write their cookies to `path` as a JSON list.

    `name` is the prefix of their user names; `password` is the hash for all, by default one that no
    password matches.
    """
    first = User.objects.count()
    users = User.objects.bulk_create(
        User(username=f"{name}{first + n}", email=f"{name}{first + n}@localhost", password=password)
        for n in range(count)
    )
    sessions = [_session_of(user) for user in users]
    Session.objects.bulk_create(sessions)
    Path(path).write_text(json.dumps([_cookie_of(session) for session in sessions]))


def write_cookie_of(user_name: str, path: str) -> None:
    """Create a session of an existing user and write its cookie to `path` as a JSON string."""
    session = _session_of(User.objects.get(username=user_name))
    session.save()
    Path(path).write_text(json.dumps(_cookie_of(session)))


def _session_of(user: User) -> Session:
    return Session(
        session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
        session_data=SessionStore().encode(
            {
                SESSION_KEY: str(user.pk),
                BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: user.get_session_auth_hash(),
            }
        ),
        expire_date=timezone.now() + timedelta(hours=1),
    )


def _cookie_of(session: Session) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
