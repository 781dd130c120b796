"""Refresh the dashboard's snapshot: one process at a time, however many viewers there are."""

import logging
from datetime import datetime

from django.db import DatabaseError

from mainapp.operations.board import meter
from mainapp.operations.board.dashboard import (
    Snapshot,
    load_snapshot,
    store_snapshot,
    take_turn,
)
from mainapp.operations.events import FIELDS
from mainapp.operations.selectors.dashboard import curves, live_values, sizes

logger = logging.getLogger(__name__)

LIVE_MS, COUNTS_MS, CURVES_MS = 1_000, 2_000, 20_000
# Slightly shorter, because timers have jitter: a caller that comes every second gets each turn.
SLACK_MS = 100


def current_snapshot(*, at: datetime) -> tuple[Snapshot, bool]:
    """Return the dashboard's values, and whether this process has just read them.

    One process at a time reads, and the others use what it stored, so the cost does not grow with
    viewers or processes: one query for the counts every two seconds or more, and one for the curves
    every twenty. Both are read at once only if none is stored. Raises: redis.RedisError.
    """
    stored = load_snapshot()
    if not take_turn("live", LIVE_MS - SLACK_MS):
        return stored, False
    meter().publish()  # otherwise this process's new sockets would appear seconds later
    read = stored | live_values(at=at) | _database_values(stored, at)
    snapshot = dict.fromkeys(FIELDS) | read | {"read_at": at.isoformat().replace("+00:00", "Z")}
    store_snapshot(snapshot)
    return snapshot, True


def without_redis(snapshot: Snapshot) -> Snapshot:
    """Return the values while Redis does not answer: the last ones, with the feed down."""
    parts = (snapshot.get("parts") or {"database": "ok"}) | {"redis": "down"}
    return dict.fromkeys((*FIELDS, "read_at")) | snapshot | {"feed": "down", "parts": parts}


def _database_values(stored: Snapshot, at: datetime) -> Snapshot:
    values: Snapshot = {"parts": stored.get("parts") or {"redis": "ok", "database": "ok"}}
    try:
        is_new = None in (stored.get("about"), stored.get("curves"))
        has_curves_turn = take_turn("curves", CURVES_MS)
        if has_curves_turn or is_new:
            values["curves"] = curves(at=at)
        can_count = is_new or not has_curves_turn
        if (can_count and take_turn("counts", COUNTS_MS - SLACK_MS)) or is_new:
            read = sizes()
            values |= {**read.counts, "about": read.about, "at_least": read.at_least}
            values["parts"] = {"redis": "ok", "database": "ok"}
    except DatabaseError as error:
        logger.warning("the dashboard's counts could not be read: %s", error)
        values["parts"] = {"redis": "ok", "database": "down"}
    return values
