"""Metrics for Prometheus, read at each scrape from the database, Redis and the web processes."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Max, Min
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from mainapp.alerts.models import Firing
from mainapp.core.redis import client as redis_client
from mainapp.market.board import SEQ, Board, board_key
from mainapp.market.models import LastQuote, RejectedQuotes
from mainapp.market.providers.configured import build_chain
from mainapp.notifications.models import Channel, Delivery
from mainapp.operations.board import BOUNDS_S, readings

LAGS, LAG_WINDOW = 500, timedelta(hours=1)
QUANTILES = (0.5, 0.9, 0.99)
Families = Iterable[Metric]


def metrics(*, at: datetime) -> Iterator[Metric]:
    """Return all metric families; those of a part that is down are missing, and `pregao_up` is 0.

    Four queries, however many rows there are.
    """
    up = GaugeMetricFamily("pregao_up", "Whether a part of the instance answers.", labels=["part"])
    yield from _read_part(up, "redis", lambda: [*_processes(), *_board(at), *_sources()])
    yield from _read_part(up, "database", lambda: [*_quotes(at), *_outbox(at), *_alert_lag(at)])
    yield up


def _read_part(up: GaugeMetricFamily, part: str, read: Callable[[], Families]) -> Families:
    try:
        families = read()
    except (redis.RedisError, DatabaseError):
        up.add_metric([part], 0)
        return []
    up.add_metric([part], 1)
    return families


def _processes() -> Families:
    sockets = GaugeMetricFamily("pregao_sockets", "Open sockets.", labels=["kind", "process"])
    latency = HistogramMetricFamily(
        "pregao_response_seconds", "From request to response.", labels=["view", "process"]
    )
    for reading in readings():
        for kind, count in reading.sockets.items():
            sockets.add_metric([kind, reading.process], count)
        for view, row in reading.latency.items():
            bounds = [*map(str, BOUNDS_S), "+Inf"]
            buckets = list(zip(bounds, accumulate(row[:-1]), strict=True))
            latency.add_metric([view, reading.process], buckets, row[-1])
    return [sockets, latency]


def _board(at: datetime) -> Families:
    seq: Any = redis_client().hget(board_key(settings.QUOTE_KIND), SEQ)
    yield CounterMetricFamily(
        "pregao_updates", "Published batches of quotes, since the board was created.", int(seq or 0)
    )
    if status := Board(kind=settings.QUOTE_KIND).status():
        age_s = (at - status.batch_at).total_seconds()
        yield GaugeMetricFamily("pregao_batch_age_seconds", "Since the last batch.", value=age_s)


def _sources() -> Families:
    answers = GaugeMetricFamily(
        "pregao_source_up", "Whether the last call to a source succeeded.", labels=["source"]
    )
    errors = CounterMetricFamily("pregao_source_errors", "Calls that failed.", labels=["source"])
    for state in build_chain().states():
        answers.add_metric([state.name], state.state not in ("open", "half_open"))
        errors.add_metric([state.name], state.errors)
    return [answers, errors]


def _quotes(at: datetime) -> Families:
    newest = LastQuote.objects.filter(kind=settings.QUOTE_KIND).aggregate(at=Max("quoted_at"))["at"]
    if newest:
        age_s = (at - newest).total_seconds()
        yield GaugeMetricFamily(
            "pregao_quote_age_seconds", "Age of the newest recorded price.", value=age_s
        )
    refused = CounterMetricFamily(
        "pregao_quotes_refused", "Quotes refused as implausible.", labels=["source", "reason"]
    )
    for row in RejectedQuotes.objects.all():
        refused.add_metric([row.source, row.reason], row.count)
    yield refused


def _outbox(at: datetime) -> Families:
    depth = GaugeMetricFamily("pregao_outbox_depth", "Messages not sent yet.", labels=["kind"])
    age = GaugeMetricFamily(
        "pregao_outbox_age_seconds", "Age of the oldest message not sent yet.", labels=["kind"]
    )
    waiting = Delivery.objects.filter(state__in=Delivery.OPEN).order_by().values("kind")
    counts = waiting.annotate(n=Count("pk"), since=Min("created_at"))
    by_kind = {row["kind"]: row for row in counts}
    for kind in Channel.Kind.values:
        row = by_kind.get(kind)
        depth.add_metric([kind], row["n"] if row else 0)
        age.add_metric([kind], (at - row["since"]).total_seconds() if row else 0)
    return [depth, age]


def _alert_lag(at: datetime) -> Families:
    """Return quantiles of the newest alert e-mails' delay, from the quote's time to the sending."""
    newest = Firing.objects.order_by("-pk").filter(
        notification__deliveries__kind=Channel.Kind.EMAIL,
        notification__deliveries__state=Delivery.State.SENT,
    )
    times = newest.values_list("quoted_at", "notification__deliveries__sent_at")[:LAGS]
    lags = sorted(
        (sent_at - quoted_at).total_seconds()
        for quoted_at, sent_at in times
        if sent_at and sent_at >= at - LAG_WINDOW
    )
    lag = GaugeMetricFamily(
        "pregao_alert_lag_seconds",
        "Delay from the quote that crossed a limit to its e-mail, over the last hour.",
        labels=["quantile"],
    )
    for quantile in QUANTILES if lags else ():
        lag.add_metric([str(quantile)], lags[min(int(quantile * len(lags)), len(lags) - 1)])
    return [lag]
