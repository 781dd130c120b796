"""Known browsers: those in which a user has logged in before, recognised by a signed cookie.

A known browser has its own limit of log-ins, so that strangers' wrong passwords do not lock the
owner out. The cookie alone gives no access: the password is still needed.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

SALT = "accounts.known-browser"
LIFE_S = 365 * 24 * 3600
MAX_USERS = 5  # per browser; bounds the cookie's size


def known_browser(request: HttpRequest, user: Any) -> str | None:
    """Return the key by which this browser is known for a user; None if it is unknown."""
    return _known(request).get(str(user.pk)) if user else None


def remember_browser(request: HttpRequest, user: Any) -> None:
    """Add a user, with a new key, to the cookie that the response to this request will set."""
    known = _known(request)
    known.pop(str(user.pk), None)
    latest = list(known.items())[-(MAX_USERS - 1) :]
    request.known_browser = dict(latest) | {str(user.pk): secrets.token_urlsafe(12)}  # type: ignore[attr-defined] # until the response


def set_cookie(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookie if `remember_browser` was called for this request."""
    if known := getattr(request, "known_browser", None):
        response.set_cookie(
            settings.KNOWN_BROWSER_COOKIE_NAME,
            signing.dumps(known, salt=SALT, compress=True),
            max_age=LIFE_S,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _known(request: HttpRequest) -> dict[str, str]:
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        known: dict[str, str] = signing.loads(cookie, salt=SALT, max_age=LIFE_S)
    except signing.BadSignature:
        return {}
    return known
