"""Measurements of the web processes, shared through Redis under a lease for each process."""

import json
import logging
import os
import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

import redis

from mainapp.core.consumers import open_sockets
from mainapp.core.redis import client, key
from mainapp.core.registry import Registry

logger = logging.getLogger(__name__)

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
RENEW_S, LEASE_S = 5.0, 15
REGISTRY = Registry(key("meters"), lease_s=LEASE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One process's measurements: open sockets by kind, and the durations of responses by view.

    `latency` has the number of responses in each bucket of BOUNDS_S, then of those above all
    bounds, then the sum of all durations in seconds.
    """

    process: str
    sockets: Mapping[str, int]
    latency: Mapping[str, list[float]]


class Meter:
    """This process's measurements; the first response starts the thread that publishes them."""

    def __init__(self) -> None:
        self.process = f"{os.getpid()}-{uuid4().hex[:6]}"
        self._latency: dict[str, list[float]] = {}
        self._lock = Lock()
        self._thread: Thread | None = None

    def observe(self, view: str, seconds: float) -> None:
        """Count a response. Takes a few microseconds."""
        with self._lock:
            row = self._latency.get(view)
            if row is None:
                row = self._latency[view] = [0.0] * (len(BOUNDS_S) + 2)
                self._start()
            row[bisect_left(BOUNDS_S, seconds)] += 1
            row[-1] += seconds

    def start(self) -> None:
        """Start publishing without waiting for a response. Safe to repeat."""
        with self._lock:
            self._start()

    def publish(self) -> None:
        """Write the measurements to Redis, to expire after LEASE_S. Raises: redis.RedisError."""
        with self._lock:
            latency = {view: list(row) for view, row in self._latency.items()}
        sockets = {kind: count for kind, count in open_sockets.items() if count}
        text = json.dumps({"sockets": sockets, "latency": latency})
        with client().pipeline(transaction=False) as pipeline:
            pipeline.set(_key(self.process), text, ex=LEASE_S)
            REGISTRY.add(pipeline, self.process)
            pipeline.execute()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._publish_forever, daemon=True, name="meter")
            self._thread.start()

    def _publish_forever(self) -> None:
        while True:
            try:
                self.publish()
            except redis.RedisError as error:
                logger.debug("the measurements were not published: %s", error)
            time.sleep(RENEW_S)


@cache
def meter() -> Meter:
    """Return this process's meter."""
    return Meter()


def readings() -> list[Reading]:
    """Return the measurements of all running processes. Raises: redis.RedisError."""
    processes = REGISTRY.names(client())
    if not processes:
        return []
    texts: Any = client().mget([_key(process) for process in processes])
    return [
        Reading(process=process, **json.loads(text))
        for process, text in zip(processes, texts, strict=True)
        if text
    ]


def _key(process: str) -> str:
    return key("meter", process)
