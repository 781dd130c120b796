"""The dashboard's values: table sizes in one bounded query, the state in Redis, and curves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Model

from mainapp.accounts.fanout.online import online_users
from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.alerts.models import Alert, Firing
from mainapp.forum.models import Message, Room
from mainapp.ideas.models import Idea
from mainapp.market.board import Board
from mainapp.market.fanout.feed import state_of
from mainapp.market.providers.configured import build_chain
from mainapp.moderation.models import Case
from mainapp.notifications.models import Delivery, Notification
from mainapp.operations.board import readings
from mainapp.operations.events import COUNTS, CURVES
from mainapp.operations.models import Report, Sample

# Larger tables are estimated. Counting up to 10,000 rows of each of 11 tables takes a few
# milliseconds, also if they have 10 million.
EXACT = 10_000
HOUR = timedelta(hours=1)

TABLES: Mapping[str, type[Model]] = {
    "users_count": User,
    "rooms_count": Room,
    "messages_count": Message,
    "ideas_count": Idea,
    "events_count": Event,
    "alerts_count": Alert,
    "firings_count": Firing,
    "reports_count": Report,
    "notifications_count": Notification,
}
# Backlogs, with the conditions of partial or leading indexes. For longer ones only a lower bound is
# known.
BACKLOGS: Mapping[str, tuple[type[Model], str]] = {
    "complaints_count": (Case, "state = 'open'"),
    "outbox_depth": (Delivery, "state IN ('waiting', 'claimed')"),
}


class Sizes(NamedTuple):
    """Counts by name, with the names of those that are estimates or lower bounds."""

    counts: dict[str, int]
    about: list[str]
    at_least: list[str]


class Arrivals(NamedTuple):
    """New messages and firings since two keys, the newest keys, and the outbox's depth."""

    messages: int
    firings: int
    last_message: int
    last_firing: int
    outbox: int


def sizes(*, exact: int = EXACT) -> Sizes:
    """Return the sizes of tables and backlogs. One query, which reads at most `exact` rows of each.

    Larger tables are estimated: on PostgreSQL from its statistics; on SQLite, and before the first
    ANALYZE, from the difference of the largest and the smallest key, which includes deleted rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(_sizes_sql(connection.vendor, exact))
        rows = {name: (counted, estimate) for name, counted, estimate in cursor.fetchall()}
    counts, inexact = {}, []
    for name in COUNTS:
        counted, estimate = rows[name]
        if counted > exact:
            inexact.append(name)
        counts[name] = max(counted, estimate) if counted > exact else counted
    return Sizes(
        counts,
        [name for name in inexact if name in TABLES],
        [name for name in inexact if name in BACKLOGS],
    )


def live_values(*, at: datetime) -> dict[str, Any]:
    """Return the values that are in Redis; no database query. Raises: redis.RedisError."""
    pulse = Board(kind=settings.QUOTE_KIND).pulse()
    states = build_chain().states()
    return {
        "online_count": len(online_users()),
        "sockets_count": open_sockets(),
        "feed": state_of(pulse, at=at),
        "sources": [{"name": state.name, "state": state.state} for state in states],
        "batch_at": _iso(pulse.status.batch_at) if pulse.status else None,
    }


def open_sockets() -> int:
    """Return the number of sockets of all processes. Raises: redis.RedisError."""
    return sum(sum(reading.sockets.values()) for reading in readings())


def batch_age_s(*, at: datetime) -> int | None:
    """Return the age of the last batch in seconds; None before the first. Raises: RedisError."""
    status = Board(kind=settings.QUOTE_KIND).status()
    return max(0, int((at - status.batch_at).total_seconds())) if status else None


def curves(*, at: datetime) -> list[list[Any]]:
    """Return the last hour's samples, oldest first: the minute, then the values of CURVES.

    One query of at most 61 rows.
    """
    samples = Sample.objects.filter(minute__gt=at - HOUR, minute__lte=at)
    rows = samples.order_by("minute").values_list("minute", *CURVES)
    return [[_iso(minute), *values] for minute, *values in rows]


def arrivals(*, after_message: int, after_firing: int) -> Arrivals:
    """Count rows written after two keys, up to EXACT rows of each table. One query."""
    message, firing = _table(Message), _table(Firing)
    parts = (
        _count(f"{message} WHERE id > %s", EXACT),
        _count(f"{firing} WHERE id > %s", EXACT),
        f"(SELECT COALESCE(MAX(id), 0) FROM {message})",  # noqa: S608 - our own tables
        f"(SELECT COALESCE(MAX(id), 0) FROM {firing})",  # noqa: S608 - our own tables
        _backlog(*BACKLOGS["outbox_depth"], EXACT),
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", [after_message, after_firing])
        return Arrivals(*cursor.fetchone())


@cache
def _sizes_sql(vendor: str, exact: int) -> str:
    estimate = _estimate_in_postgresql if vendor == "postgresql" else _distance_of_keys
    lines = [
        f"SELECT '{name}', {_count(_table(model), exact)}, {estimate(model)}"
        for name, model in TABLES.items()
    ]
    lines += [
        f"SELECT '{name}', {_backlog(model, condition, exact)}, 0"
        for name, (model, condition) in BACKLOGS.items()
    ]
    return " UNION ALL ".join(lines)


def _backlog(model: type[Model], condition: str, exact: int) -> str:
    return _count(f"{_table(model)} WHERE {condition}", exact)


def _count(rows: str, exact: int) -> str:
    """Return SQL that counts rows and stops at `exact` + 1."""
    return f"(SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT {exact + 1}) AS counted)"  # noqa: S608 - our own tables and conditions


def _distance_of_keys(model: type[Model]) -> str:
    table = _table(model)
    # Two subqueries: SQLite uses the index for MIN or MAX only if it is the only aggregate.
    return f"(SELECT MAX(id) FROM {table}) - (SELECT MIN(id) FROM {table}) + 1"  # noqa: S608 - our own tables


def _estimate_in_postgresql(model: type[Model]) -> str:
    """Return SQL for the rows at the last VACUUM or ANALYZE; before the first, by the keys."""
    return (
        "COALESCE((SELECT reltuples::bigint FROM pg_class"  # noqa: S608 - our own tables
        f" WHERE oid = '{_table(model)}'::regclass AND reltuples > 0),"
        f" {_distance_of_keys(model)})"
    )


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
