"""How often one user may change what was said; counted in this process, for it is read by all."""

import time
from collections import deque

from mainapp.forum.exceptions import RateLimited

CHANGES, WINDOW_S = 20, 10.0
MAX_KNOWN = 1000


class Turns:
    """The last turns of each user, on the monotonic clock."""

    def __init__(self) -> None:
        self._taken: dict[int, deque[float]] = {}

    def clear(self) -> None:
        self._taken.clear()

    def take(self, user_id: int, now: float | None = None) -> None:
        """Take a turn. Raises: RateLimited after CHANGES of them within WINDOW_S."""
        now = time.monotonic() if now is None else now
        if len(self._taken) > MAX_KNOWN:
            self._taken = {k: v for k, v in self._taken.items() if v[-1] > now - WINDOW_S}
        taken = self._taken.setdefault(user_id, deque(maxlen=CHANGES))
        if len(taken) == CHANGES and taken[0] > now - WINDOW_S:
            raise RateLimited(retry_after_s=max(0.1, round(taken[0] + WINDOW_S - now, 1)))
        taken.append(now)


changes = Turns()
