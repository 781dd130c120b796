"""The limiter: how often one user, address or socket may do a thing.

A `Limit` is declared once, beside the code that it protects:

    CHAT = Limit("chat", 5, 10.0, without_redis=CLOSED)
    consume(CHAT, of_user(user))  # or: await consume_async(CHAT, of_user(user))

Three places count, and each is exact however many processes and threads ask at once:

- Redis (`redis_store`), for bursts: a sliding window. What happens without Redis is said by
  `without_redis`: an OPEN limit lets everything pass, a CLOSED one answers `unavailable`.
- The database (`database_store`), for a day's quota and for what must be counted in the
  transaction of the thing itself: a window that begins with its first use.
- Memory (`SocketWindow`), for one socket, which lives in one process.

Two limiters are not here. allauth's own (log-in, sign-up, password reset, e-mail confirmation)
stay allauth's: they are part of its flows, clear themselves after a right password, and count in
Redis through the cache, by the same client address. The budgets of quote sources
(`market.providers.guard`) count our own calls, in one record with the circuit breaker: calls are
admitted in part, spread over the period and given back, which no limit here does.
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
    of_user,
)
from mainapp.core.limits.redis_store import (
    consume,
    consume_async,
    try_consume,
    try_consume_async,
)
from mainapp.core.limits.socket_window import SocketWindow

__all__ = [
    "CLOSED",
    "DAY_S",
    "OPEN",
    "Decision",
    "Key",
    "Limit",
    "RateLimited",
    "SocketWindow",
    "Unavailable",
    "consume",
    "consume_async",
    "of_address",
    "of_user",
    "try_consume",
    "try_consume_async",
]
