"""Metrics of the state in Redis: the board, queues, leases, sources and streams."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mainapp.core.clocks import is_lease_held
from mainapp.core.redis import client, key
from mainapp.market.board import BEAT, SEQ, STREAMER, WORKER_KEY, WORKER_LEASE_MS, Board, board_key
from mainapp.market.providers.configured import build_chain
from mainapp.market.streams.redis_state import read_streaming
from mainapp.operations.board import SENT_AT

QUEUES = ("update", "listed", "celery")
LEASES = {
    "worker": (WORKER_KEY, WORKER_LEASE_MS),
    "beat": (BEAT.key, BEAT.lease_ms),
    "stream": (STREAMER.key, STREAMER.lease_ms),
}


def families(at: datetime) -> Iterator[Metric]:
    yield from _board(at)
    yield from _queues(at)
    yield from _leases()
    yield from _sources()
    yield from _streams(at)


def _board(at: datetime) -> Iterable[Metric]:
    seq: Any = client().hget(board_key(settings.QUOTE_KIND), SEQ)
    yield CounterMetricFamily(
        "pregao_updates", "Published batches of quotes, since the board was created.", int(seq or 0)
    )
    age = GaugeMetricFamily("pregao_batch_age_seconds", "Time since the last batch.", labels=[])
    overdue = GaugeMetricFamily(
        "pregao_batch_overdue_seconds", "Since the next batch was due.", labels=[]
    )
    if status := Board(kind=settings.QUOTE_KIND).status():
        age.add_metric([], (at - status.batch_at).total_seconds())
        overdue.add_metric([], max(0.0, (at - status.next_due_at).total_seconds()))
    yield from (age, overdue)


def _queues(at: datetime) -> Iterable[Metric]:
    depth = GaugeMetricFamily("pregao_queue_depth", "Waiting tasks.", labels=["queue"])
    age = GaugeMetricFamily(
        "pregao_queue_age_seconds", "Age of the task that waits longest.", labels=["queue"]
    )
    with client().pipeline(transaction=False) as pipeline:
        for queue in QUEUES:
            pipeline.llen(key("celery", queue))
            pipeline.lindex(key("celery", queue), -1)
        answers: list[Any] = pipeline.execute()
    for queue, count, oldest in zip(QUEUES, answers[::2], answers[1::2], strict=True):
        depth.add_metric([queue], count)
        age.add_metric([queue], max(0.0, at.timestamp() - _sent_at(oldest, at)))
    return [depth, age]


def _sent_at(message: bytes | None, at: datetime) -> float:
    try:
        return float(json.loads(message or b"")["headers"][SENT_AT])
    except (ValueError, TypeError, LookupError):
        return at.timestamp()


def _leases() -> Iterable[Metric]:
    held = GaugeMetricFamily(
        "pregao_lease_held", "Whether a process renews the lease of its role.", labels=["role"]
    )
    with client().pipeline(transaction=False) as pipeline:
        for name, _lease_ms in LEASES.values():
            pipeline.pttl(name)
        answers: list[Any] = pipeline.execute()
    for (role, (_name, lease_ms)), left_ms in zip(LEASES.items(), answers, strict=True):
        held.add_metric([role], is_lease_held(left_ms, lease_ms=lease_ms))
    return [held]


def _sources() -> Iterable[Metric]:
    answers = GaugeMetricFamily(
        "pregao_source_up", "Whether the last call to a source succeeded.", labels=["source"]
    )
    errors = CounterMetricFamily("pregao_source_errors", "Calls that failed.", labels=["source"])
    for state in build_chain().states():
        answers.add_metric([state.name], state.state not in ("open", "half_open"))
        errors.add_metric([state.name], state.errors)
    return [answers, errors]


def _streams(at: datetime) -> Iterable[Metric]:
    """Return the state of each stream of QUOTE_STREAM, even while no streamer runs."""
    up = GaugeMetricFamily("pregao_stream_up", "Whether a stream gives prices.", labels=["stream"])
    age = GaugeMetricFamily(
        "pregao_stream_tick_age_seconds", "Time since a stream's last price.", labels=["stream"]
    )
    wanted = GaugeMetricFamily(
        "pregao_stream_symbols", "Symbols that a stream should give.", labels=["stream"]
    )
    states = {state.name: state for state in read_streaming().states}
    for name in settings.QUOTE_STREAM:
        state = states.get(name)
        up.add_metric([name], bool(state and state.status == "live"))
        wanted.add_metric([name], state.wanted if state else 0)
        if state and state.last_tick_at:
            age.add_metric([name], (at - state.last_tick_at).total_seconds())
    return [up, age, wanted]
