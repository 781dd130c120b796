"""Creation, exchange and revocation of tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from mainapp.accounts.models import User

CONVERSION_ERRORS = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


class Pair(TypedDict):
    """An access token, and the refresh token that is exchanged for the next pair."""

    access: str
    refresh: str


def create_tokens(*, user: User) -> Pair:
    """Return a pair for a user who logged in, and record the time of the log-in."""
    User.objects.filter(pk=user.pk).update(last_login=timezone.now())
    return _pair(user)


def rotate_token(*, refresh: str) -> Pair:
    """Exchange a refresh token, once, for a new pair. Raises: TokenError for one that has ended."""
    with odd_claims_refused(), transaction.atomic():
        token = _read(refresh)
        user = _owner(token)
        # `blacklist` is a get_or_create: of concurrent exchanges exactly one creates the row.
        _row, is_first = token.blacklist()
        if not is_first:
            raise TokenError("the token was already exchanged")
        return _pair(user)


def revoke_token(*, user: User, refresh: str) -> None:
    """Revoke a refresh token of `user`. Raises: TokenError for an ended or foreign one."""
    with odd_claims_refused():
        token = _read(refresh)
        if _owner(token).pk != user.pk:
            raise TokenError("the token belongs to another user")
        token.blacklist()


@contextmanager
def odd_claims_refused() -> Iterator[None]:
    """Turn the errors of claims with odd types or values into TokenError.

    PyJWT and simplejwt convert them without a check: an `exp` of 1e999, a `user_id` that is a list.
    """
    try:
        yield
    except CONVERSION_ERRORS as error:
        raise TokenError("a claim has no valid value") from error


def _pair(user: User) -> Pair:
    token = RefreshToken.for_user(user)
    return Pair(access=str(token.access_token), refresh=str(token))


def _read(refresh: str) -> Any:
    return RefreshToken(refresh)  # type: ignore[arg-type] # accepts a string, unlike its annotation


def _owner(token: Any) -> User:
    user = User.objects.filter(pk=token.get("user_id"), is_active=True).first()
    if user is None or token.get("hash_password") != get_md5_hash_password(user.password):
        raise TokenError("the log-in has ended")
    return user
