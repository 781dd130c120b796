"""The meter of a process, which publishes its counters and gauges to Redis every few seconds."""

import json
import logging
import os
import time
from bisect import bisect_left
from collections import defaultdict
from functools import cache
from threading import Lock, Thread
from uuid import uuid4

import redis

from mainapp.core import processes
from mainapp.core.code_version import code_version
from mainapp.core.consumers import open_sockets
from mainapp.core.redis import client, key
from mainapp.core.registry import Registry
from mainapp.operations.board import host
from mainapp.operations.board.totals import Series, add

logger = logging.getLogger(__name__)

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
TASK_BOUNDS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
HISTOGRAMS = {"response_seconds": BOUNDS_S, "task_seconds": TASK_BOUNDS_S}
SUM = "sum"
RENEW_S, LEASE_S = 5.0, 15
REGISTRY = Registry(key("meters"), lease_s=LEASE_S)


class Meter:
    """This process's measurements; the first one starts the thread that publishes them.

    Counters are added to the totals of the instance; gauges are published under a lease.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Forget everything: `make run` forks its processes from one that has this object."""
        self.process = f"{os.getpid()}-{uuid4().hex[:6]}"
        self._amounts: defaultdict[Series, float] = defaultdict(float)
        self._followed: dict[Series, float] = {}
        self._number, self._unsent = 0, dict[Series, float]()
        self._lock, self._publishing = Lock(), Lock()
        self._thread: Thread | None = None

    def count(self, name: str, *labels: str, amount: float = 1.0) -> None:
        """Count something. Takes a few microseconds."""
        with self._lock:
            self._amounts[name, *labels] += amount
        self.start()

    def observe(self, name: str, *labels: str, seconds: float) -> None:
        """Count a duration in one of the HISTOGRAMS. Takes a few microseconds."""
        bucket = str(bisect_left(HISTOGRAMS[name], seconds))
        with self._lock:
            self._amounts[name, *labels, bucket] += 1.0
            self._amounts[name, *labels, SUM] += seconds
        self.start()

    def publish(self) -> None:
        """Write the measurements to Redis. Raises: redis.RedisError."""
        with self._publishing:
            if not self._unsent:
                self._unsent = self._take()
                self._number += 1
            add(process=self.process, number=self._number, amounts=self._unsent)
            self._unsent = {}
            self._publish_gauges()

    def start(self) -> None:
        """Start to publish, unless it has begun."""
        if self._thread is None:
            self._thread = Thread(target=self._publish_forever, daemon=True, name="meter")
            self._thread.start()

    def _take(self) -> dict[Series, float]:
        """Return what was counted since the last call."""
        reads = {**processes.counters, **host.COUNTERS}
        values = {
            (name, *labels): value
            for name, read in reads.items()
            for labels, value in read().items()
        }
        with self._lock:
            amounts, self._amounts = self._amounts, defaultdict(float)
        for series, value in values.items():
            if value > self._followed.get(series, 0.0):
                amounts[series] += value - self._followed.get(series, 0.0)
                self._followed[series] = value
        return dict(amounts)

    def _publish_gauges(self) -> None:
        reads = {**processes.gauges, **host.GAUGES}
        gauges = [
            [name, *labels, value]
            for name, read in reads.items()
            for labels, value in read().items()
        ]
        sockets = {kind: count for kind, count in open_sockets.items() if count}
        about = {"role": processes.current_role(), "version": code_version()}
        text = json.dumps(about | {"sockets": sockets, "gauges": gauges})
        with client().pipeline(transaction=False) as pipeline:
            pipeline.set(gauges_key(self.process), text, ex=LEASE_S)
            REGISTRY.add(pipeline, self.process)
            pipeline.execute()

    def _publish_forever(self) -> None:
        while True:
            try:
                self.publish()
            except redis.RedisError as error:
                logger.debug("the measurements were not published: %s", error)
            time.sleep(RENEW_S)


def gauges_key(process: str) -> str:
    return key("meter", process)


@cache
def meter() -> Meter:
    """Return this process's meter."""
    return Meter()
