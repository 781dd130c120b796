"""Authentication of API requests by token, by API key or by the site's session."""

from typing import Any

from django.utils import timezone
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError

from mainapp.api.names import PREFIX
from mainapp.api.selectors.keys import valid_key
from mainapp.api.services.keys import record_use
from mainapp.api.services.tokens import odd_claims_refused, session_key_of, user_of_token

SCHEMES = ("bearer", "token")


def _credentials_of(header: bytes) -> list[str] | None:
    """Return what follows one of our schemes; None for another scheme or no header."""
    scheme, *values = header.decode("latin-1").split() or [""]
    return values if scheme.lower() in SCHEMES else None


class Bearer(JWTAuthentication):
    """`Authorization: Bearer …` or `Token …` with an access token.

    It ends with its log-in, a new password or a deactivation.
    """

    def get_raw_token(self, header: bytes) -> bytes | None:
        values = _credentials_of(header)
        if values is None or "".join(values).startswith(PREFIX):
            return None
        if len(values) != 1:
            raise InvalidToken
        return values[0].encode("latin-1")

    def get_user(self, validated_token: Any) -> Any:
        user = user_of_token(validated_token)
        if user is None:
            raise InvalidToken
        return user

    def authenticate(self, request: Any) -> Any:
        try:
            with odd_claims_refused():
                authenticated: Any = super().authenticate(request)
                if authenticated:
                    request._request.log_in_key = session_key_of(authenticated[1])
                return authenticated
        except TokenError as error:
            raise InvalidToken from error


class PersonalKey(BaseAuthentication):
    """`Authorization: Bearer …` or `Token …` with an API key; `request.auth` is the key."""

    def authenticate(self, request: Any) -> Any:
        values = _credentials_of(get_authorization_header(request)) or []
        if not "".join(values).startswith(PREFIX):
            return None
        at = timezone.now()
        key = valid_key(" ".join(values), at=at)
        if key is None:
            raise AuthenticationFailed
        record_use(key=key, at=at)
        key.user.is_second_factor_used = key.is_second_factor_used  # type: ignore[attr-defined] # no column
        return key.user, key

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class SiteSession(SessionAuthentication):
    """The session of the site's pages; mutations need its CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        return ""


def session_key_of_access_token(text: str) -> str:
    """Return the session key of an access token's log-in; "" if either has ended."""
    try:
        with odd_claims_refused():
            token = Bearer().get_validated_token(text.encode())
            return session_key_of(token) if user_of_token(token) else ""
    except (InvalidToken, TokenError):
        return ""
