"""One-time tickets that authenticate a socket, stored in Redis and valid for 30 s.

Clients of the API without cookies offer one as the subprotocol: browsers cannot set headers on a
WebSocket, and a query string would appear in access logs.
"""

import hashlib
import logging
import secrets
from typing import Any

from mainapp.core.middleware import TICKET
from mainapp.core.redis import client, key
from mainapp.core.signatures import Forged, sign, verified

logger = logging.getLogger(__name__)

LIFE_S = 30


def issue(session_key: str) -> str:
    """Return a new ticket of a log-in, valid for LIFE_S; only a hash of it is stored."""
    value = secrets.token_urlsafe(32)
    name = _key(value)
    client().set(name, sign(session_key.encode(), purpose=name), ex=LIFE_S)
    return value


def redeem(value: str) -> str | None:
    """Return the session key of a ticket and delete it; None if it is unknown, used or expired.

    A ticket that this program did not write counts as unknown. Only one of several concurrent
    callers receives the key.
    """
    name = _key(value)
    stored: Any = client().getdel(name)
    try:
        return verified(stored, purpose=name).decode() if stored else None
    except Forged as error:
        logger.warning("a ticket was refused: %s", error)
        return None


def offered_ticket(scope: Any) -> str | None:
    """Return the offered subprotocol that is a ticket; None if there is none."""
    names = (name for name in scope.get("subprotocols", ()) if name.startswith(TICKET))
    return next(names, None)


def _key(value: str) -> str:
    return key("ticket", hashlib.sha256(value.encode()).hexdigest())
