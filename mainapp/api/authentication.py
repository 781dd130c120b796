"""Authentication of API requests by token or by the site's session."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError

from mainapp.api.services.tokens import odd_claims_refused


class Bearer(JWTAuthentication):
    """`Authorization: Bearer …`; it ends with a new password or a deactivation."""

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
