"""Who asks: the bearer of a token, or the site's session."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework_simplejwt.authentication import JWTAuthentication


class Bearer(JWTAuthentication):
    """`Authorization: Bearer …`; a token dies with its user's password and activity."""


class SiteSession(SessionAuthentication):
    """The session of the site's pages; what changes something needs its CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        return ""
