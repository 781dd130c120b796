"""Creation, exchange and revocation of tokens.

A log-in through the API is a row in the table of sessions, like a log-in on the site; deleting the
row ends the tokens and sockets of that log-in in all processes. Its tokens contain a random claim,
from which the session key is derived with a secret, so that a token cannot serve as a session
cookie.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import DataError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from mainapp.accounts.models import User
from mainapp.accounts.selectors import users_of_sessions
from mainapp.accounts.selectors.second_factors import second_factor_record
from mainapp.accounts.services.sessions import record_session
from mainapp.api.tokens import Refresh
from mainapp.core.exceptions import DomainError

LOG_IN = "log_in"
SALT = "api.log-in"

CONVERSION_ERRORS = (
    ArithmeticError, AttributeError, DataError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


class Pair(TypedDict):
    """An access token, and the refresh token that is exchanged for the next pair."""

    access: str
    refresh: str


def create_tokens(
    *, user: User, address: str = "", user_agent: str = "", is_second_factor_used: bool = False
) -> Pair:
    """Return a pair of tokens for a logged-in user; record the time and list the session.

    Raises: DomainError for a deactivated user.
    """
    now = timezone.now()
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=True).update(last_login=now):
            raise DomainError("forbidden", _("Esta conta está desativada."))
        log_in = secrets.token_urlsafe(24)
        data: dict[str, Any] = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        if is_second_factor_used:
            data |= second_factor_record(at=now)
        key = _session_key(log_in, settings.SECRET_KEY)
        Session.objects.create(
            session_key=key,
            session_data=SessionStore().encode(data),
            expire_date=now + api_settings.REFRESH_TOKEN_LIFETIME,
        )
        record_session(
            user=user, session_key=key, address=address, user_agent=user_agent, at=now, is_api=True
        )
    return _pair(user, log_in)


def rotate_token(*, refresh: str) -> Pair:
    """Exchange a refresh token, once, for a new pair. Raises: TokenError for one that has ended."""
    with odd_claims_refused(), transaction.atomic():
        token = _read(refresh)
        user = user_of_token(token)
        if user is None or not _mark_exchanged(token, user):
            raise TokenError("the log-in has ended, or the token was already exchanged")
        expires_at = timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME
        _session_of(token).update(expire_date=expires_at)
        return _pair(user, token[LOG_IN])


def end_log_in(*, user: User, refresh: str) -> None:
    """End the log-in of one of a user's refresh tokens: its tokens, tickets and sockets.

    Raises: TokenError for a token of another user or of a log-in that has ended.
    """
    with odd_claims_refused():
        token = _read(refresh)
        owner = user_of_token(token)
        if owner is None or owner.pk != user.pk:
            raise TokenError("the log-in has ended, or it is another user's")
        _session_of(token).delete()


@contextmanager
def odd_claims_refused() -> Iterator[None]:
    """Raise TokenError for claims with unexpected types or values.

    PyJWT and simplejwt convert claims without checking them: an `exp` of 1e999, a `user_id` that is
    a list, a `jti` with a NUL or longer than PostgreSQL's column.
    """
    try:
        yield
    except CONVERSION_ERRORS as error:
        raise TokenError("a claim has no valid value") from error


def user_of_token(token: Any) -> User | None:
    """Return the active user of a token; None if its log-in has ended. Two queries."""
    users = users_of_sessions(_session_keys(token))
    return next(iter(users.values()), None)


def session_key_of(token: Any) -> str:
    """Return the session key of a token's log-in; empty for a token without one."""
    keys = _session_keys(token)
    if len(keys) < 2:
        return "".join(keys)
    return _session_of(token).values_list("session_key", flat=True).first() or ""


def claims_of(pair: Pair) -> dict[str, Any]:
    """Return the claims of a pair of tokens, which give no access without their signatures."""
    backend: Any = Refresh().get_token_backend()
    return {"access": backend.decode(pair["access"]), "refresh": backend.decode(pair["refresh"])}


def sign_claims(claims: dict[str, Any]) -> Pair:
    """Return the pair of tokens with these claims; the result is always the same."""
    backend = Refresh().get_token_backend()
    return Pair(access=backend.encode(claims["access"]), refresh=backend.encode(claims["refresh"]))


def _pair(user: User, log_in: str) -> Pair:
    token = Refresh()
    token[api_settings.USER_ID_CLAIM] = str(user.pk)
    token[LOG_IN] = log_in
    return Pair(access=str(token.access_token), refresh=str(token))


def _read(refresh: str) -> Any:
    return Refresh(refresh)  # type: ignore[arg-type] # accepts a string, unlike its annotation


def _mark_exchanged(token: Any, user: User) -> bool:
    """Record a token's exchange, without the token; return whether it is the first one."""
    values = {
        "user": user,
        "created_at": token.current_time,
        "expires_at": datetime.fromtimestamp(token["exp"], UTC),
    }
    jti = token[api_settings.JTI_CLAIM]
    row, _is_new = OutstandingToken.objects.get_or_create(jti=jti, defaults=values)
    # Of concurrent exchanges exactly one creates this row.
    _exchanged, is_first = BlacklistedToken.objects.get_or_create(token=row)
    return is_first


def _session_of(token: Any) -> QuerySet[Session]:
    return Session.objects.filter(session_key__in=_session_keys(token))


def _session_keys(token: Any) -> list[str]:
    """Return the keys that the session of a token's log-in may have: one for each SECRET_KEY."""
    log_in = token.get(LOG_IN)
    if not isinstance(log_in, str):
        return []
    secrets_in_use = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
    return [_session_key(log_in, secret) for secret in secrets_in_use]


def _session_key(log_in: str, secret: str) -> str:
    return salted_hmac(SALT, log_in, secret=secret, algorithm="sha256").hexdigest()[:40]
