"""Permissions of the API's index and of API keys; the limits and fingerprints of requests."""

from datetime import timedelta

from django.utils.crypto import salted_hmac

from mainapp.core.limits import Limit
from mainapp.core.policies import EVERYONE, MEMBERS, OWNER, Area, form, operation

WINDOW_S = 60
ADDRESS_REQUESTS = Limit("api", "API_REQUESTS_A_MINUTE_ADDRESS", WINDOW_S)
USER_REQUESTS = Limit("api", "API_REQUESTS_A_MINUTE_USER", WINDOW_S)
KEY_LIFETIME = timedelta(hours=24)
MAX_KEY = 255  # the column's size
PAGE_SIZE, MAX_PAGE_SIZE = 50, 200

# API keys of a user.
MAX_KEYS = 20
MAX_KEY_DAYS = 365
LAST_USE_PRECISION = timedelta(minutes=1)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return a hash that identifies a request by its method, path and body.

    The hash is keyed because the body may contain a password, which could be guessed from a plain
    hash in a backup.
    """
    head = f"{method} {path}\n".encode()
    return salted_hmac("api.fingerprint", head + body, algorithm="sha256").hexdigest()


OPERATIONS = {
    "api-index": operation(Area.MARKET, get=EVERYONE),
    "api-keys": operation(Area.LOG_IN, get=MEMBERS, post=MEMBERS),
    "api-key": operation(Area.LOG_IN, get=OWNER, delete=OWNER),
}

PAGES = {
    "keys": form(MEMBERS),
    "revoke-key": form(OWNER, of="API key"),
}
