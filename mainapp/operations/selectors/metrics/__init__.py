"""Metrics for Prometheus, read at each scrape from the database, Redis, the disk and all processes.

The web server exports the metrics of all processes. With an exporter per process, counters would
fall when a process ends, and a scrape would reach only one of several web processes.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import redis
from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily, Metric

from mainapp.operations.selectors.metrics import database, disk, processes, state

Families = Iterable[Metric]


def metrics(*, at: datetime) -> Iterator[Metric]:
    """Return all metric families; without those of a part that is down, whose `pregao_up` is 0.

    Five queries (six on PostgreSQL), eight round trips to Redis and one per source, however many
    rows and processes there are.
    """
    up = GaugeMetricFamily("pregao_up", "Whether a part of the instance answers.", labels=["part"])
    yield from _read_part(up, "redis", lambda: [*processes.families(), *state.families(at)])
    yield from _read_part(up, "database", lambda: [*database.families(at)])
    yield from _read_part(up, "disk", lambda: [*disk.families(at)])
    yield up


def _read_part(up: GaugeMetricFamily, part: str, read: Callable[[], Families]) -> Families:
    try:
        families = read()
    except (redis.RedisError, DatabaseError, OSError):
        up.add_metric([part], 0)
        return []
    up.add_metric([part], 1)
    return families
