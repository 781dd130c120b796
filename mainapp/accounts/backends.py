"""Who is behind a name and a password."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.utils import filter_users_by_email
from django.http import HttpRequest

from mainapp.accounts.models import User


class LogInBackend(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """Finds at most one account, by username or e-mail, and hashes the password exactly once.

    allauth's own tries one way after the other, and so twice for an e-mail that it knows.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        name = credentials.get("username") or credentials.get("email") or ""
        owner = _owner(name) if "@" in name else None  # asked for whether or not the name is known
        user = User.objects.filter(username__iexact=name).first() or owner
        found: User | None = self._check_password(user, credentials["password"])
        return found

    def get_user(self, user_id: Any) -> User | None:
        """Return who a session belongs to, and the preferences that paint every page."""
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


def _owner(email: str) -> User | None:
    """Return whose e-mail this is, none when several claim it and nobody has verified it."""
    users = filter_users_by_email(email, prefer_verified=True)
    return users[0] if len(users) == 1 else None
