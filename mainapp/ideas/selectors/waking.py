"""The query for ideas that a batch of quotes may decide, a single one for any number of ideas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from mainapp.market.kinds import QuoteKind

# LATERAL with OFFSET 0 makes every probe descend the indexes by itself; as a plain join PostgreSQL
# reads the whole table.
_POSTGRESQL = """
SELECT found.id, NULL
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS probe (stock_id, price, made_at)
CROSS JOIN LATERAL (
    (SELECT id FROM ideas_idea WHERE status = 'open' AND stock_id = probe.stock_id
        AND quote_kind = %s AND upper <= probe.price OFFSET 0)
    UNION ALL (SELECT id FROM ideas_idea WHERE status = 'open' AND stock_id = probe.stock_id
        AND quote_kind = %s AND lower >= probe.price OFFSET 0)
    UNION ALL (SELECT id FROM ideas_idea WHERE status = 'open' AND stock_id = probe.stock_id
        AND quote_kind = %s AND expires_at <= probe.made_at OFFSET 0)
    UNION ALL (SELECT id FROM ideas_idea WHERE status = 'open' AND stock_id = probe.stock_id
        AND quote_kind = %s AND closing_asked_at <= probe.made_at OFFSET 0)
    UNION ALL (SELECT id FROM ideas_idea WHERE status = 'waiting' AND stock_id = probe.stock_id
        AND quote_kind = %s AND asked_at <= probe.made_at OFFSET 0)
) found
UNION ALL
SELECT NULL, b.stock_id FROM ideas_pricebreak b WHERE b.quote_kind = %s AND b.stock_id = ANY (%s)
"""
_PART = """
SELECT i.id, NULL FROM json_each(%s) AS probe CROSS JOIN ideas_idea i
WHERE i.status = '{status}' AND i.stock_id = probe.value ->> 0 AND i.quote_kind = %s AND {condition}
"""
_CONDITIONS = (
    ("open", "i.upper <= probe.value ->> 1"),
    ("open", "i.lower >= probe.value ->> 1"),
    ("open", "i.expires_at <= probe.value ->> 2"),
    ("open", "i.closing_asked_at <= probe.value ->> 2"),
    ("waiting", "i.asked_at <= probe.value ->> 2"),
)
_SQLITE = (
    " UNION ALL ".join(  # noqa: S608 - of the constants above
        _PART.format(status=status, condition=condition) for status, condition in _CONDITIONS
    )
    + """
UNION ALL SELECT NULL, b.stock_id FROM ideas_pricebreak b
WHERE b.quote_kind = %s AND b.stock_id IN (SELECT value FROM json_each(%s))
"""
)
BRANCHES = len(_CONDITIONS)


class Probe(NamedTuple):
    """A quote: its stock, its price in millionths, and the time of the price."""

    stock_id: int
    price: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Woken:
    """Keys of the ideas that a batch may decide, and of the stocks with a break."""

    ideas: list[int]
    broken_stocks: set[int]


def woken_by(probes: Sequence[Probe], *, quote_kind: QuoteKind) -> Woken:
    """Return the ideas that the quotes may decide or publish. Cost: one query."""
    if not probes:
        return Woken([], set())
    stocks = [probe.stock_id for probe in probes]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns: list[Any] = [list(column) for column in zip(*probes, strict=True)]
            parameters: list[Any] = [*columns, *[quote_kind] * (BRANCHES + 1), stocks]
            cursor.execute(_POSTGRESQL, parameters)
        else:
            rows = [(p.stock_id, p.price, _text(p.made_at)) for p in probes]
            each: list[Any] = [orjson.dumps(rows).decode(), quote_kind] * BRANCHES
            cursor.execute(_SQLITE, [*each, quote_kind, orjson.dumps(stocks).decode()])
        found = cursor.fetchall()
    return Woken(sorted({row[0] for row in found if row[0]}), {row[1] for row in found if row[1]})


def _text(moment: datetime) -> str | None:
    return connection.ops.adapt_datetimefield_value(moment)
