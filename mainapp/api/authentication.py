"""Authentication of API requests by token or by the site's session."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework_simplejwt.authentication import JWTAuthentication


class Bearer(JWTAuthentication):
    """`Authorization: Bearer …`; it ends with a new password or a deactivation."""


class SiteSession(SessionAuthentication):
    """The session of the site's pages; mutations need its CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        return ""
