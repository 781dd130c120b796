"""Authentication by username or e-mail and password."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from mainapp.accounts.models import User
from mainapp.accounts.selectors import account_named


class LogInBackend(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """Look up at most one account, by username or e-mail, and hash the password exactly once.

    allauth's own backend tries both ways in turn and hashes twice for a known e-mail, so the
    duration of a log-in reveals which e-mails have an account.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Check the password of `account` or, if that is None, of the named account."""
        if "account" in credentials:
            account = credentials["account"]
        else:
            account = account_named(credentials.get("username") or credentials.get("email") or "")
        authenticated: User | None = self._check_password(account, credentials["password"])
        return authenticated

    def get_user(self, user_id: Any) -> User | None:
        """Return the user of a session with their preferences, which every page needs."""
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
