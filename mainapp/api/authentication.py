"""Authentication of API requests by token or by the site's session."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError

from mainapp.api.services.tokens import odd_claims_refused, user_of_token


class Bearer(JWTAuthentication):
    """`Authorization: Bearer …`; it ends with its log-in, a new password or a deactivation."""

    def get_user(self, validated_token: Any) -> Any:
        user = user_of_token(validated_token)
        if user is None:
            raise InvalidToken
        return user

    def authenticate(self, request: Any) -> Any:
        try:
            with odd_claims_refused():
                return super().authenticate(request)
        except TokenError as error:
            raise InvalidToken from error


class SiteSession(SessionAuthentication):
    """The session of the site's pages; mutations need its CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        return ""
