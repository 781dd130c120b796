"""In-memory rate limit of one socket."""

import time


class SocketWindow:
    """Counts uses in windows that begin with their first use. Not thread-safe."""

    __slots__ = ("_count", "_ends_at", "_used", "_window_s")

    def __init__(self, count: int, window_s: float) -> None:
        self._count, self._window_s = count, window_s
        self._used, self._ends_at = 0, 0.0

    def consume(self, uses: int = 1) -> float:
        """Count `uses`; return 0.0 if they are allowed, else the seconds until the window ends."""
        now = time.monotonic()
        if now >= self._ends_at:
            self._used, self._ends_at = 0, now + self._window_s
        self._used += uses
        return self._ends_at - now if self._used > self._count else 0.0
