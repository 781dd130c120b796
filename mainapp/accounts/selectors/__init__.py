"""Queries of users and their sessions."""

import re
import secrets
import unicodedata
from collections.abc import Collection, Iterator
from copy import copy
from itertools import islice
from typing import Any, NamedTuple

from allauth.account.utils import filter_users_by_email
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from mainapp.accounts.fanout import Rights
from mainapp.accounts.models import REMOVED_USER, Block, Preferences, User, is_named
from mainapp.accounts.selectors.second_factors import used_second_factor
from mainapp.core.names import tidy

USERNAME_TRIES = 30
MAX_DISPLAY_NAME = 60  # the column's size
UNLOCK_SALT, UNLOCK_S = "accounts.unlock", 3600
MAX_LOG_IN_NAME = 254  # the longest e-mail; SQLite refuses to compare with 50,000 characters


def folded(name: str) -> str:
    """Return a log-in name without differences of case, width and Unicode form.

    PostgreSQL finds `alice` for `al\u0131ce`, because both have the same upper case; SQLite does
    not. With folded names both do.
    """
    return unicodedata.normalize("NFKC", name[: MAX_LOG_IN_NAME + 1]).upper().casefold().strip()


def account_named(name: str) -> User | None:
    """Return the account of a username or an e-mail, active or not.

    The number of queries depends on the name alone, not on whether it has an account.
    """
    if len(name) > MAX_LOG_IN_NAME:
        return None
    owner = _owner(name) if "@" in name else None
    named = Q(is_named(name)) | Q(is_named(folded(name)))
    return User.objects.filter(named).order_by("pk").first() or owner


def _owner(email: str) -> User | None:
    """Return the owner of an e-mail; None if several users have it and none has verified it."""
    users = filter_users_by_email(email, prefer_verified=True)
    return users[0] if len(users) == 1 else None


def free_username(name: str) -> str:
    """Return an unused username made from a person's name: `ana.souza` from *Ana Souza*.

    Two queries a try, mostly one try. Raises: ValidationError for a name that gives none.
    """
    for candidate in islice(_usernames_from(name), USERNAME_TRIES):
        try:
            User.objects.check_username(candidate, User())
        except ValidationError as error:
            refusal = error
            continue
        if not User.objects.filter(is_named(candidate)).exists():
            return candidate
    raise refusal


def usable_display_name(name: str) -> str:
    """Return a person's name in the form of a display name; "" if it may not be one. One query."""
    shown = tidy(name)
    try:
        User.objects.check_display_name(shown, User())
    except ValidationError:
        return ""
    return shown if len(shown) <= MAX_DISPLAY_NAME else ""


def _usernames_from(name: str) -> Iterator[str]:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_name)
    base = ".".join(words)[:140] or "pessoa"
    yield base
    yield from (f"{base}{number}" for number in range(2, 10))
    while True:
        yield f"{base}{secrets.randbelow(900_000) + 100_000}"


def users_of_sessions(keys: Collection[str]) -> dict[str, User]:
    """Return the active user of each unexpired session; two queries for any number of keys."""
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    decoded = {session.session_key: session.get_decoded() for session in sessions}
    ids = {data[SESSION_KEY] for data in decoded.values() if SESSION_KEY in data}
    if not ids:
        return {}
    active = User.objects.filter(pk__in=ids, is_active=True).select_related("preferences")
    users = {str(user.pk): user for user in active}
    return {
        key: _in_session(user, data)
        for key, data in decoded.items()
        if (user := users.get(str(data.get(SESSION_KEY)))) and _is_valid(user, data)
    }


def _in_session(user: User, data: dict[str, Any]) -> User:
    """Return the user of one session: a copy that tells whether it used a second factor."""
    user = copy(user)
    user.is_second_factor_used = used_second_factor(data)  # type: ignore[attr-defined] # no column
    return user


def user_of_unlock_token(token: str) -> User | None:
    """Return the active user to whom a link was mailed; None if it is invalid or expired."""
    try:
        pk, email = signing.loads(token, salt=UNLOCK_SALT, max_age=UNLOCK_S)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return User.objects.filter(pk=pk, email=email, is_active=True).first()


def avatar_url(user: User | None, size: int) -> str | None:
    """Return the URL of a picture of 48, 150 or 600 pixels; None without one. No query."""
    if user is None or not user.avatar_key:
        return None
    return reverse("avatar", args=[user.avatar_key, size])


def removed_user_name() -> str:
    """Return the placeholder for the name of a user whose account was deleted."""
    return str(REMOVED_USER)


def name_of(user: User | None) -> str:
    """Return the public name of an author; None means that the account was deleted."""
    return user.name if user else removed_user_name()


def person(pk: int) -> User:
    """Return an active user. Raises: User.DoesNotExist."""
    return User.objects.get(pk=pk, is_active=True)


def person_seen_by(pk: int, reader: Any) -> tuple[User, bool]:
    """Return an active user, and whether `reader`, possibly anonymous, blocks them; one query.

    Raises: User.DoesNotExist.
    """
    blocks = Block.objects.filter(blocker=reader.pk, blocked=OuterRef("pk"))
    user: Any = User.objects.annotate(is_blocked=Exists(blocks)).get(pk=pk, is_active=True)
    return user, user.is_blocked


class Blocks(NamedTuple):
    """The ids of the users whom a user blocks (`by`), and of those who block the user (`of`)."""

    by: frozenset[int]
    of: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        return self.by | self.of


NO_BLOCKS = Blocks(frozenset(), frozenset())


def blocks_of(users: Collection[int]) -> dict[int, Blocks]:
    """Return the blocks of users by id; one query for any number of users."""
    by: dict[int, set[int]] = {user: set() for user in users}
    of: dict[int, set[int]] = {user: set() for user in users}
    rows = Block.objects.filter(Q(blocker__in=users) | Q(blocked__in=users)).order_by()
    for blocker, blocked in rows.values_list("blocker_id", "blocked_id"):
        if blocker in by:
            by[blocker].add(blocked)
        if blocked in of:
            of[blocked].add(blocker)
    return {user: Blocks(frozenset(by[user]), frozenset(of[user])) for user in users}


def blocks_by(user: User) -> QuerySet[Block]:
    """Return a user's blocks with the blocked people, the newest first."""
    return Block.objects.filter(blocker=user).select_related("blocked")


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
    rows = users.values_list("pk", *Rights._fields)
    return (
        set(sessions.values_list("session_key", flat=True)),
        {pk: Rights(*rights) for pk, *rights in rows},
    )


def _is_valid(user: User, data: dict[str, str]) -> bool:
    """Return whether a session has the user's current password hash and a configured backend."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(data.get(HASH_SESSION_KEY, ""), value) for value in hashes)
