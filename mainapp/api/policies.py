"""How often one may ask, and which status a refusal has."""

import hashlib
from datetime import timedelta
from enum import Enum

from mainapp.core.limits import Limit

WINDOW_S = 60
ADDRESS_REQUESTS = Limit("api", "API_REQUESTS_A_MINUTE_ADDRESS", WINDOW_S)
USER_REQUESTS = Limit("api", "API_REQUESTS_A_MINUTE_USER", WINDOW_S)
KEEP_KEYS = timedelta(hours=24)
MAX_KEY = 255
PAGE_SIZE, MAX_PAGE_SIZE = 50, 200


class May(Enum):
    """Who may use an operation; somebody else's object is a 404 to everybody but its owner."""

    ANYBODY = "anybody"
    MEMBERS = "members"
    OWNER = "owner"


ANYBODY, MEMBERS, OWNER = May.ANYBODY, May.MEMBERS, May.OWNER
# By the name of the URL and the method; all other methods answer 405.
OPERATIONS: dict[str, dict[str, May]] = {
    "api-index": {"get": ANYBODY},
    "api-register": {"post": ANYBODY},
    "api-login": {"post": ANYBODY},
    "api-token": {"post": ANYBODY},
    "api-refresh": {"post": ANYBODY},
    "api-token-refresh": {"post": ANYBODY},
    "api-logout": {"post": MEMBERS},
    "api-user": {"get": MEMBERS, "patch": MEMBERS},
    "api-stocks": {"get": ANYBODY},
    "api-stock": {"get": ANYBODY},
    "api-quotes": {"get": ANYBODY},
    "api-candles": {"get": ANYBODY},
    "api-sources": {"get": ANYBODY},
    "api-alerts": {"get": MEMBERS, "post": MEMBERS},
    "api-create-alert": {"post": MEMBERS},
    "api-delete-alerts": {"post": MEMBERS, "delete": MEMBERS},
    "api-delete-alert": {"delete": OWNER},
    "api-alert": {"get": OWNER, "put": OWNER, "patch": OWNER, "delete": OWNER},
    "api-firings": {"get": OWNER},
    "api-pause-alert": {"post": OWNER},
    "api-resume-alert": {"post": OWNER},
    "api-carteira": {"get": MEMBERS, "post": MEMBERS},
    "api-holding": {"get": OWNER, "patch": OWNER, "delete": OWNER},
    "api-rooms": {"get": ANYBODY, "post": MEMBERS},
    "api-messages": {"get": ANYBODY, "post": MEMBERS},
    "api-notifications": {"get": MEMBERS},
    "api-notification": {"get": OWNER, "delete": OWNER},
    "api-read-notification": {"post": OWNER},
    "api-ticket": {"post": MEMBERS},
}


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return what tells one request from another."""
    head = f"{method} {path}\n".encode()
    return hashlib.sha256(head + body).hexdigest()
