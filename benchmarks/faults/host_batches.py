"""The batches of a site, by the due times that each of them uses up on the board."""

import itertools
import re
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import redis

from benchmarks.rig.cluster import INTERVAL_S, REDIS, Cluster
from tests.instances import redis_key

READ_S = 0.1
ROUNDING = timedelta(milliseconds=5)
TIMES = re.compile(rb'"batch_at":"([^"]+)","next_due_at":"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Counts:
    """Batches of some time, those that used a due time again, and fetches that made no batch."""

    batches: int
    doubled: int
    useless: Counter[str]  # by the address that fetched


class Batches(Thread):
    """Reads the status of the board on all stores ten times a second.

    A batch sets the next due time one interval after the one that it used. Two batches for the same
    due time would set it by less. Batches exclude each other, so between the ends of two batches
    there is exactly one fetch, that of the second one, however late the machine makes it.
    """

    def __init__(self, site: Cluster) -> None:
        super().__init__(daemon=True)
        self._site, self._ended = site, Event()
        self._due: dict[datetime, datetime] = {}  # end of a batch: the due time that it set

    def __enter__(self) -> "Batches":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        clients = [
            redis.Redis(host.address, REDIS, socket_timeout=1, socket_connect_timeout=1)
            for host in self._site.stores
        ]
        while not self._ended.wait(READ_S):
            for client in clients:
                with suppress(redis.RedisError):
                    self._note(client.hget(redis_key("board", "real"), "@status"))

    def _note(self, status: Any) -> None:
        if status and (times := TIMES.search(status)):
            batch_at, due_at = (datetime.fromisoformat(text.decode()) for text in times.groups())
            self._due[batch_at] = due_at

    def since(self, started: float) -> Counts:
        """Return the counts since a monotonic time."""
        first = datetime.now(UTC) - timedelta(seconds=time.monotonic() - started)
        ends = sorted(at for at in dict(self._due) if at >= first)
        pairs = list(itertools.pairwise(ends))
        least = timedelta(seconds=INTERVAL_S) - ROUNDING
        doubled = sum(self._due[later] - self._due[at] < least for at, later in pairs)
        useless: Counter[str] = Counter()
        for at, later in pairs:
            between = [host for asked, host in self._site.source.callers if at < asked < later]
            useless.update(between[:-1])  # the last one made the batch that ended then
        return Counts(len(ends), doubled, useless)
