"""Metrics read from the database: quotes, the outbox, alerts, leases, the audit and replicas."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from mainapp.alerts.models import Firing
from mainapp.core.models import AuditEntry, Fence
from mainapp.market.models import LastQuote, RejectedQuotes
from mainapp.notifications.models import Channel, Delivery

LAGS, LAG_WINDOW = 500, timedelta(hours=1)
QUANTILES = (0.5, 0.9, 0.99)
Families = Iterable[Metric]


def families(at: datetime) -> Iterator[Metric]:
    yield from _quotes(at)
    yield from _outbox(at)
    yield from _alert_lag(at)
    yield from _takeovers()
    yield from _audit(at)
    yield from _replicas()


def _quotes(at: datetime) -> Families:
    newest = LastQuote.objects.filter(kind=settings.QUOTE_KIND).aggregate(at=Max("quoted_at"))["at"]
    age = GaugeMetricFamily(
        "pregao_quote_age_seconds", "Age of the newest recorded price.", labels=[]
    )
    if newest:
        age.add_metric([], (at - newest).total_seconds())
    refused = CounterMetricFamily(
        "pregao_quotes_refused", "Quotes refused as implausible.", labels=["source", "reason"]
    )
    for row in RejectedQuotes.objects.all():
        refused.add_metric([row.source, row.reason], row.count)
    return [age, refused]


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


def _takeovers() -> Families:
    takeovers = CounterMetricFamily(
        "pregao_lease_takeovers", "Processes that got the lease of a role.", labels=["role"]
    )
    for fence in Fence.objects.all():
        takeovers.add_metric([fence.role], fence.number)
    return [takeovers]


def _audit(at: datetime) -> Families:
    oldest = AuditEntry.objects.filter(seal_number=None).aggregate(at=Min("at"))["at"]
    age = GaugeMetricFamily(
        "pregao_audit_unsealed_age_seconds",
        "Age of the oldest audit entry without a seal.",
        (at - oldest).total_seconds() if oldest else 0,
    )
    return [age]


def _replicas() -> Families:
    """Return the standbys of PostgreSQL; their lag is visible to members of pg_monitor."""
    count = GaugeMetricFamily("pregao_replicas", "Connected standbys of PostgreSQL.", labels=[])
    lag = GaugeMetricFamily(
        "pregao_replication_lag_seconds", "Delay of the slowest standby.", labels=[]
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), max(extract(epoch FROM replay_lag)) FROM pg_stat_replication"
            )
            standbys, lag_s = cursor.fetchone()
        count.add_metric([], standbys)
        if lag_s is not None:
            lag.add_metric([], float(lag_s))
    return [count, lag]
