"""Pauses between connections, and the rate of messages on one."""

import asyncio
import random
from collections import deque
from time import monotonic

LONGEST_RETRY_AFTER_S = 3600.0


class Backoff:
    """Exponential pauses. Half of each is random, so that servers do not reconnect in step."""

    def __init__(self, *, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def pause_s(self, *, retry_after: float = 0.0) -> float:
        """Return the next pause in seconds; at least the one that the source requested."""
        longest = min(self._first_s * 2**self._failures, self._longest_s)
        self._failures = min(self._failures + 1, 16)
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - not a secret
        return max(pause, min(retry_after, LONGEST_RETRY_AFTER_S))


class RollingLimit:
    """At most `count` messages in any period of `period_s`.

    A token bucket would allow twice as many at once, and Binance closes a connection at the sixth
    message in any second.
    """

    def __init__(self, count: int, *, period_s: float) -> None:
        self._period_s = period_s
        self._passes: deque[float] = deque(maxlen=count)

    async def wait(self) -> None:
        if len(self._passes) == self._passes.maxlen:
            await asyncio.sleep(max(0.0, self._passes[0] + self._period_s - monotonic()))
        self._passes.append(monotonic())
