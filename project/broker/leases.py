"""Leases of unacknowledged tasks, so that those of a killed worker soon run elsewhere.

kombu gives a task to another worker when its record is an hour old: too late after `kill -9`, and
too early for a task that runs longer. Here a worker changes the scores of its records regularly; a
record that does not change for ORPHANED_AFTER_S belongs to a worker that died. Clocks of hosts are
not compared, because they jump: each worker measures that time itself.
"""

import logging
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from random import randrange
from time import time
from typing import Any

from mainapp.core.redis import LEASE_RENEWAL_S
from project.broker.pools import REFUSALS

logger = logging.getLogger(__name__)

ORPHANED_AFTER_S = 50.0

OWNERS = 2**20
# Changes the score of each tag that the owner still has. Returns 1 or 0 for each tag.
_RENEW = """
local renewed = {}
for i = 3, #ARGV do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  local is_ours = score and tonumber(score) % 1 == tonumber(ARGV[1])
  if is_ours then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[i]) end
  renewed[#renewed + 1] = is_ours and 1 or 0
end
return renewed
"""


def owner_of(score: float) -> float:
    return score % 1


class Leases(dict[str, bool]):
    """The tasks that a channel has received, by delivery tag.

    The value is whether Redis is known to have the record; a full one refuses to write it. A score
    is the time in whole seconds, and a fraction that names its owner: a command that timed out may
    have been executed, so an owner cannot know its last score.
    """

    def __init__(self) -> None:
        super().__init__()
        self.owner = randrange(1, OWNERS) / OWNERS  # noqa: S311 - a name, not a secret

    def score(self) -> float:
        return int(time()) + self.owner

    def is_ours(self, score: float | None) -> bool:
        return score is not None and owner_of(score) == self.owner

    def renew(self, client: Any, index: str) -> list[str]:
        """Change the scores in `index`; remove and return the tags that another worker has taken.

        A worker that was frozen for longer than ORPHANED_AFTER_S finds its tasks there.
        """
        tags = list(self)
        if not tags:
            return []
        results = client.eval(_RENEW, 1, index, repr(self.owner), repr(self.score()), *tags)
        lost = []
        for tag, is_renewed in zip(tags, results, strict=True):
            if is_renewed:
                self[tag] = True
            elif self.get(tag):
                lost.append(tag)
        for tag in lost:
            self.pop(tag, None)
        return lost


class Renewal(threading.Thread):
    """Renews the leases of a channel until it is closed.

    Not a timer of the worker's event loop: that stops while the worker waits for its last tasks.
    """

    def __init__(self, qos: Any) -> None:
        super().__init__(name="lease-renewal", daemon=True)
        self._qos = weakref.ref(qos)
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(LEASE_RENEWAL_S) and self._renew():
            pass

    def end(self) -> None:
        self._ended.set()

    def _renew(self) -> bool:
        qos = self._qos()
        if qos is None:
            return False
        # The channel may be closed meanwhile, which raises AttributeError.
        with suppress(*REFUSALS, AttributeError):
            qos.renew()
        return True


class Orphans:
    """Finds records whose scores stay the same while this process looks at them regularly."""

    def __init__(self) -> None:
        self._ages: dict[str, tuple[float, float]] = {}
        self._seen_at: float | None = None

    def find(self, records: Iterable[tuple[str, float]], *, at: float) -> list[tuple[str, float]]:
        """Return the orphans among all records; `at` is a monotonic time.

        A longer pause counts as two renewals only: perhaps the whole machine stood still, and the
        other workers have not renewed their leases yet.
        """
        passed_s = 0.0 if self._seen_at is None else min(at - self._seen_at, 2 * LEASE_RENEWAL_S)
        self._seen_at = at
        ages = {}
        for tag, score in records:
            last_score, age_s = self._ages.get(tag, (None, 0.0))
            ages[tag] = (score, age_s + passed_s if score == last_score else 0.0)
        self._ages = ages
        return [(tag, score) for tag, (score, age_s) in ages.items() if age_s >= ORPHANED_AFTER_S]

    def forget(self) -> None:
        """Start again. Called while Redis refuses writes, hence renewals."""
        self._ages = {}
