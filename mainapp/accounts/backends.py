"""Authentication by username or e-mail and password."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.utils import filter_users_by_email
from django.http import HttpRequest

from mainapp.accounts.models import User


class LogInBackend(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """Look up at most one account, by username or e-mail, and hash the password exactly once.

    allauth's own backend tries both ways in turn and hashes twice for a known e-mail, so the
    duration of a log-in reveals which e-mails have an account.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        name = credentials.get("username") or credentials.get("email") or ""
        # Queried whether or not a username matches: the number of queries reveals nothing.
        owner = _owner(name) if "@" in name else None
        user = User.objects.filter(username__iexact=name).first() or owner
        authenticated: User | None = self._check_password(user, credentials["password"])
        return authenticated

    def get_user(self, user_id: Any) -> User | None:
        """Return the user of a session with their preferences, which every page needs."""
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


def _owner(email: str) -> User | None:
    """Return the owner of an e-mail; None if several users have it and none has verified it."""
    users = filter_users_by_email(email, prefer_verified=True)
    return users[0] if len(users) == 1 else None
