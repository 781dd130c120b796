"""One-time tickets for sockets, in Redis: made for a login, good for one handshake within 30 s."""

import hashlib
import secrets
from typing import Any, NamedTuple

import orjson

from mainapp.core.middleware import TICKET
from mainapp.core.redis import client, key

LIFE_S = 30


class Ticket(NamedTuple):
    """Whose login it is: the user, their auth hash then, and the session if there is one."""

    user_id: int
    auth_hash: str
    session_key: str | None


def issue(ticket: Ticket) -> str:
    """Keep a ticket for LIFE_S and return its value, which is kept nowhere."""
    value = secrets.token_urlsafe(32)
    client().set(_key(value), orjson.dumps(tuple(ticket)), ex=LIFE_S)
    return value


def redeem(value: str) -> Ticket | None:
    """Take the ticket of that value, which only one caller gets; None when there is none."""
    found: Any = client().getdel(_key(value))
    return Ticket(*orjson.loads(found)) if found else None


def offered(scope: Any) -> str | None:
    """Return the subprotocol that is a ticket, None when a handshake offers none."""
    names = (name for name in scope.get("subprotocols", ()) if name.startswith(TICKET))
    return next(names, None)


def _key(value: str) -> str:
    return key("ticket", hashlib.sha256(value.encode()).hexdigest())
