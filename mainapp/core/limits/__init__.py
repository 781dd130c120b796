"""Rate limits for users, addresses and sockets, and the quotas of users and clubs.

A `Limit` is declared once, next to the code that it protects, and so is a `Quota`, whose limit an
admin can change for each plan:

    CHAT = Limit("chat", 5, 10.0, without_redis=CLOSED)
    consume(CHAT, of_user(user))  # or: await consume_async(CHAT, of_user(user))

    NEW_ROOMS = Quota(name="rooms", label=_("salas novas"), seed="ROOMS_A_DAY", window_s=DAY_S)
    check_and_increment_quota(host, NEW_ROOMS, at=now)

Uses are counted in one of three stores. Each is exact under concurrent calls of any number of
processes and threads:

- Redis (`redis_store`), for bursts: a sliding window. `without_redis` decides while Redis is
  unavailable: an OPEN limit allows every use, a CLOSED one raises `Unavailable`.
- The database (`database_store`), for quotas, whose uses are counted in the transaction of the
  action itself: a window that begins with its first use. It is not imported here, because policies
  are imported before the models.
- Memory (`SocketWindow`), for one socket, which belongs to one process.

Two limiters are elsewhere. allauth's (sign-up, password reset, e-mail confirmation, requests for
the log-in page) are part of its flows and count in Redis through the cache, by the same client
address. The budgets of quote sources (`market.providers.guard`) count outgoing calls in
one record with the circuit breaker: they admit calls in part, spread them over the period and
return unused ones.
"""

from mainapp.core.limits.limit import (
    CLOSED,
    DAY_S,
    OPEN,
    Decision,
    Key,
    Limit,
    RateLimited,
    Unavailable,
    of_address,
    of_text,
    of_user,
)
from mainapp.core.limits.quotas import CLUB, USER, Quota
from mainapp.core.limits.redis_store import (
    consume,
    consume_async,
    refund,
    reset,
    try_consume,
    try_consume_async,
)
from mainapp.core.limits.socket_window import SocketWindow

__all__ = [
    "CLOSED",
    "CLUB",
    "DAY_S",
    "OPEN",
    "USER",
    "Decision",
    "Key",
    "Limit",
    "Quota",
    "RateLimited",
    "SocketWindow",
    "Unavailable",
    "consume",
    "consume_async",
    "of_address",
    "of_text",
    "of_user",
    "refund",
    "reset",
    "try_consume",
    "try_consume_async",
]
