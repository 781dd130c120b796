"""Metrics of all processes: totals of what they counted, and gauges of those that run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from mainapp.operations.board import HISTOGRAMS, SUM, Reading, Series, read_totals, readings


class Description(NamedTuple):
    """The text and the labels of a metric."""

    text: str
    labels: tuple[str, ...] = ()


# By the name in the board; each metric's name begins with `pregao_`.
COUNTERS = {
    "responses": Description("Responses by view and status.", ("view", "status")),
    "tasks": Description("Finished tasks by outcome.", ("task", "outcome")),
    "tasks_sent": Description("Tasks sent to the queues.", ("role", "task")),
    "stream_ticks": Description("Prices that streams pushed.", ("stream",)),
    "stream_connections": Description("Connections to streams.", ("stream",)),
    "cpu_seconds": Description("CPU time of all processes of a role.", ("role",)),
    "redis_errors": Description("Failed calls to Redis.", ("role", "kind")),
    "telemetry_dropped": Description("Events that reached no collector.", ("exporter", "reason")),
    "telemetry_sent": Description("Events that reached a collector.", ("exporter",)),
}
DURATIONS = {
    "response_seconds": Description("From request to response.", ("view",)),
    "task_seconds": Description("From the start of a task to its end.", ("task",)),
}
GAUGES = {
    "process_resident_bytes": Description("Resident memory."),
    "process_open_files": Description("Open files and sockets."),
    "process_threads": Description("Threads of Python."),
    "process_start_time_seconds": Description("Start of the process, since 1970."),
    "database_connections": Description("Connections in the pool.", ("state",)),
    "beat_is_sending": Description("Whether a beat believes that it has the lease."),
}
ROLES = ("web", "worker", "beat", "stream")


def families() -> Iterator[Metric]:
    totals, running = read_totals(), readings()
    yield from _counters(totals)
    yield from _durations(totals)
    yield from _gauges(running)
    sockets = GaugeMetricFamily("pregao_sockets", "Open sockets.", labels=["kind", "process"])
    for reading in running:
        for kind, count in reading.sockets.items():
            sockets.add_metric([kind, reading.process], count)
    yield sockets
    counts = GaugeMetricFamily("pregao_processes", "Running processes.", labels=["role"])
    for role in ROLES:
        counts.add_metric([role], sum(reading.role == role for reading in running))
    yield counts
    versions = GaugeMetricFamily(
        "pregao_code_info",
        "A process's version.",
        labels=["version", "role", "process"],
    )
    for reading in running:
        versions.add_metric([reading.version, reading.role, reading.process], 1)
    yield versions


def _counters(totals: Mapping[Series, float]) -> Iterable[Metric]:
    metrics = {
        name: CounterMetricFamily(f"pregao_{name}", text.text, labels=text.labels)
        for name, text in COUNTERS.items()
    }
    for (name, *labels), value in totals.items():
        if name in metrics:
            metrics[name].add_metric(labels, value)
    return metrics.values()


def _durations(totals: Mapping[Series, float]) -> Iterable[Metric]:
    metrics = {
        name: HistogramMetricFamily(f"pregao_{name}", text.text, labels=text.labels)
        for name, text in DURATIONS.items()
    }
    rows: defaultdict[Series, dict[str, float]] = defaultdict(dict)
    for (name, *labels), value in totals.items():
        if name in metrics:
            rows[name, *labels[:-1]][labels[-1]] = value
    for (name, *labels), row in rows.items():
        bounds = [*map(str, HISTOGRAMS[name]), "+Inf"]
        counts = accumulate(row.get(str(number), 0.0) for number in range(len(bounds)))
        metrics[name].add_metric(labels, list(zip(bounds, counts, strict=True)), row.get(SUM, 0.0))
    return metrics.values()


def _gauges(running: Iterable[Reading]) -> Iterable[Metric]:
    metrics = {
        name: GaugeMetricFamily(
            f"pregao_{name}", text.text, labels=[*text.labels, "role", "process"]
        )
        for name, text in GAUGES.items()
    }
    for reading in running:
        for (name, *labels), value in reading.gauges.items():
            if name in metrics:
                metrics[name].add_metric([*labels, reading.role, reading.process], value)
    return metrics.values()
