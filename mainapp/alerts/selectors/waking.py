"""Conditions that a batch of quotes wakes, found by one query for any number of alerts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import orjson
from django.db import connection

from mainapp.alerts.conditions import Observation, Wake, measures
from mainapp.alerts.models import Condition, Doubt
from mainapp.market.kinds import QuoteKind

MILLION = 1_000_000
MIN_LEVEL = -(2**63)

# LATERAL with OFFSET 0 makes every probe descend the index by itself; as a plain join PostgreSQL
# reads the whole index.
_POSTGRESQL = """
SELECT found.id, NULL
FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::integer[])
     AS probe (stock_id, measure, value, periods)
CROSS JOIN LATERAL (
    SELECT c.id FROM alerts_condition c
    WHERE c.is_live AND c.stock_id = probe.stock_id AND c.measure = probe.measure
      AND c.level <= probe.value AND c.periods & probe.periods <> 0
      AND c.quote_kind = %s AND c.expires_at >= %s
    OFFSET 0
) found
UNION ALL
SELECT NULL, d.id FROM alerts_doubt d WHERE d.quote_kind = %s AND d.stock_id = ANY (%s)
"""
_SQLITE = """
SELECT c.id, NULL
FROM json_each(%s) AS probe CROSS JOIN alerts_condition c
WHERE c.is_live AND c.stock_id = probe.value ->> 0 AND c.measure = probe.value ->> 1
  AND c.level <= probe.value ->> 2 AND c.periods & (probe.value ->> 3) <> 0
  AND c.quote_kind = %s AND c.expires_at >= %s
UNION ALL
SELECT NULL, d.id FROM alerts_doubt d
WHERE d.quote_kind = %s AND d.stock_id IN (SELECT value FROM json_each(%s))
"""


class Probe(NamedTuple):
    """One quote on one scale, in millionths; `periods` holds the observations it counts for."""

    stock_id: int
    measure: int
    value: int
    periods: int


@dataclass(frozen=True, slots=True)
class Woken:
    """Keys of the conditions that a batch wakes, and of the doubts about its stocks."""

    conditions: list[int]
    doubts: list[int]


def level_of(wake: Wake) -> int:
    """Return a wake's level as stored in the index, exact to a millionth."""
    return MIN_LEVEL if wake.level is None else to_millionths(wake.level)


def to_millionths(value: Decimal) -> int:
    return int((value * MILLION).to_integral_value())


def probes(stock_id: int, observation: Observation, periods: int) -> Iterable[Probe]:
    """Yield a quote's probes, one per scale."""
    for measure, value in measures(observation).items():
        yield Probe(stock_id, measure, to_millionths(value), periods)


def woken_by(wanted: Sequence[Probe], *, quote_kind: QuoteKind, since: datetime) -> Woken:
    """Return the conditions and doubts that the probes wake, without those expired at `since`.

    Cost: one query.
    """
    if not wanted:
        return Woken([], [])
    stocks = list({probe.stock_id for probe in wanted})
    moment = connection.ops.adapt_datetimefield_value(since)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns = [list(column) for column in zip(*wanted, strict=True)]
            cursor.execute(_POSTGRESQL, [*columns, quote_kind, moment, quote_kind, stocks])
        else:
            probes_json = orjson.dumps([tuple(probe) for probe in wanted]).decode()
            stocks_json = orjson.dumps(stocks).decode()
            cursor.execute(_SQLITE, [probes_json, quote_kind, moment, quote_kind, stocks_json])
        rows = cursor.fetchall()
    # A price is probed on two scales, but a condition that waits for any quote is on one of them,
    # so no key appears twice.
    return Woken([row[0] for row in rows if row[0]], [row[1] for row in rows if row[1]])


def conditions_by_pk(pks: Sequence[int]) -> list[Condition]:
    """Return conditions with alert, owner and stock; conditions of one alert share its object."""
    if not pks:
        return []
    conditions = list(
        Condition.objects.filter(pk__in=pks).select_related(
            "alert__owner__preferences", "alert__ativo"
        )
    )
    alerts = {condition.alert_id: condition.alert for condition in conditions}
    for condition in conditions:
        condition.alert = alerts[condition.alert_id]
    return conditions


def doubts_by_pk(pks: Sequence[int]) -> dict[int, Doubt]:
    """Return doubts by their stock's key."""
    return {doubt.stock_id: doubt for doubt in Doubt.objects.filter(pk__in=pks)} if pks else {}
