"""Pages, tasks, pruning and vacuum with big tables on a durable PostgreSQL.

    .venv/bin/python benchmarks/growth.py --scale 0.02

Scale 1 is a million users, 10 M messages, 100,000 ideas and the minute candles of 400 symbols for
a year. `mainapp/pages/tests/test_plans.py` holds the plans at a smaller scale. Pages run in this
process, without a server; the best of three rounds counts. No budget: the figures are a table.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.alerts import prepare
from tests.postgresql import PostgreSQL
from tests.redis_servers import Server

ROUNDS = 4
BATCHES = 60
PAGES = (
    *("/", "/stocktracker", "/ativo/PETR4/", "/room/500/", "/conversas/", "/forum/"),
    *("/conversas/?q=trimestre", "/buscar/?q=sala", "/ideias/", "/agenda/", "/alerts/"),
    *("/carteira/", "/notifications/", "/api/v1/chats/", "/api/v1/ideas/"),
)
HOT = (
    *("market_lastquote", "market_candle", "forum_room", "notifications_delivery"),
    *("alerts_condition", "core_fence"),
)


def timed(work: Callable[[], Any]) -> float:
    """Return the milliseconds that a piece of work took."""
    started_at = time.perf_counter()
    work()
    return (time.perf_counter() - started_at) * 1000


def line(name: str, *values: str) -> None:
    print(f"  {name:<44} " + "   ".join(values), flush=True)


def fill(scale: float) -> None:
    from django.db import connection, transaction  # noqa: PLC0415 - after the setup

    from tests.grown_database import grow  # noqa: PLC0415 - as above

    def write() -> None:
        with transaction.atomic():
            sizes.update(grow(scale))

    sizes: dict[str, int] = {}
    line("filling", f"{timed(write) / 1000:.0f} s")
    with connection.cursor() as cursor:
        line("vacuum", f"{timed(lambda: cursor.execute('VACUUM ANALYZE')) / 1000:.0f} s")
        cursor.execute("SELECT pg_database_size(current_database()) / 1e9")
        line("database", f"{cursor.fetchone()[0]:.2f} GB, {sum(sizes.values()):,} rows")


def measure_pages() -> None:
    from django.db import connection  # noqa: PLC0415 - after the setup
    from django.test import Client  # noqa: PLC0415 - as above
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - as above

    from mainapp.accounts.models import User  # noqa: PLC0415 - as above
    from tests.grown_database import PERSON  # noqa: PLC0415 - as above

    client = Client(HTTP_HOST="localhost", raise_request_exception=False)
    client.force_login(User.objects.get(pk=PERSON))
    for path in PAGES:
        walls, statuses = [], set()
        for _ in range(ROUNDS):
            with CaptureQueriesContext(connection) as queries:
                walls.append(timed(lambda: statuses.add(client.get(path).status_code)))  # noqa: B023

        slowest = max(queries, key=lambda query: float(query["time"]))
        in_sql = sum(float(query["time"]) for query in queries) * 1000
        line(
            f"{path} {sorted(statuses)}",
            f"{min(walls):7.0f} ms, {in_sql:6.0f} in {len(queries):2} queries",
            f"slowest {float(slowest['time']) * 1000:5.0f}: {slowest['sql'][:60]}",
        )


def measure_batches() -> None:
    """Record batches of all symbols, and print the rows, the HOT updates and the WAL of one."""
    from datetime import timedelta  # noqa: PLC0415 - after the setup
    from decimal import Decimal  # noqa: PLC0415 - as above

    from django.db import connection  # noqa: PLC0415 - as above
    from django.utils import timezone  # noqa: PLC0415 - as above

    from mainapp.market.models import LastQuote  # noqa: PLC0415 - as above
    from mainapp.market.quotes import Quote  # noqa: PLC0415 - as above
    from mainapp.market.services.recording import record_quotes  # noqa: PLC0415 - as above

    rows: list[Any] = list(LastQuote.objects.select_related("stock"))
    at = timezone.now()

    def batch(number: int) -> list[Quote]:
        moment = at + timedelta(seconds=10 * number)
        return [
            Quote(
                symbol=row.stock.symbol,
                name=row.stock.name,
                price=row.price + Decimal(number % 7) / 100,
                source="simulated",
                kind="simulated",
                previous_close=row.price,
                volume=1000 + number,
                quoted_at=moment,
            )
            for row in rows
        ]

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()")
        before = cursor.fetchone()[0]
        walls = [
            timed(
                lambda: record_quotes(quotes=batch(number), at=at + timedelta(seconds=10 * number))  # noqa: B023
            )
            for number in range(BATCHES)
        ]
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), %s) / 1024", [before])
        wal_kb = float(cursor.fetchone()[0]) / BATCHES
        line(f"batch of {len(rows)} quotes, median", f"{sorted(walls)[BATCHES // 2]:.0f} ms")
        line("  written ahead (WAL)", f"{wal_kb:.0f} KB a batch")
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT relname, n_tup_upd, n_tup_hot_upd, n_dead_tup, pg_relation_size(relid) / 1024 "
            "FROM pg_stat_user_tables WHERE relname = ANY(%s) AND n_tup_upd > 0",
            [list(HOT)],
        )
        for name, updates, hot, dead, size in cursor.fetchall():
            share = f"{100 * hot / updates:.0f} % HOT of {updates:,} updates"
            line(f"  {name}", share, f"{dead:,} dead rows, {size:,} KB")


def measure_pruning() -> None:
    """Print the time to delete a day of candles, and to drop a partition with the same rows."""
    from django.db import connection  # noqa: PLC0415 - after the setup

    with connection.cursor() as cursor:
        cursor.execute("SELECT min(starts_at) FROM market_candle WHERE \"interval\" = '1m'")
        first = cursor.fetchone()[0]
        day = "\"interval\" = '1m' AND starts_at < %s::timestamptz + interval '420 minutes'"
        cursor.execute(f"CREATE TABLE a_day AS SELECT * FROM market_candle WHERE {day}", [first])  # noqa: S608 - ours
        sql = f"DELETE FROM market_candle WHERE {day}"  # noqa: S608 - ours
        cursor.execute(f"EXPLAIN {sql}", [first])
        plan = " / ".join(row[0].strip() for row in cursor.fetchall()[:3])
        wall = timed(lambda: cursor.execute(sql, [first]))
        line("DELETE of the oldest 420 minutes", f"{wall:.0f} ms, {cursor.rowcount:,} rows", plan)
        vacuum = timed(lambda: cursor.execute("VACUUM market_candle"))
        line("  VACUUM after it", f"{vacuum:.0f} ms")
        wall = timed(lambda: cursor.execute("DROP TABLE a_day"))
        line("DROP of a table with the same rows", f"{wall:.0f} ms")


def measure_tasks() -> None:
    from django.utils import timezone  # noqa: PLC0415 - after the setup

    from mainapp.alerts.selectors.needs import needed_symbols  # noqa: PLC0415 - as above
    from mainapp.forum.services.talk import notify_talk  # noqa: PLC0415 - as above
    from mainapp.market.services.candles import prune_candles  # noqa: PLC0415 - as above
    from mainapp.notifications.services.inbox import prune_notifications  # noqa: PLC0415

    now = timezone.now()
    for name, work in (
        ("symbols that alerts need", needed_symbols),
        ("notify_talk", lambda: notify_talk(at=now)),
        ("prune_notifications", lambda: prune_notifications(at=now)),
        ("prune_candles", lambda: prune_candles(at=now)),
    ):
        line(name, f"{timed(work):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.02)
    scale = parser.parse_args().scale
    server = PostgreSQL(is_durable=True)
    with tempfile.TemporaryDirectory(prefix="pregao-growth-") as folder, closing(server):
        redis = Server(Path(folder))
        try:
            os.environ["PYTHONWARNINGS"] = "ignore"
            prepare(Path(folder), server.url, f"redis://127.0.0.1:{redis.port}/0", debug="1")
            print(f"growth: scale {scale:g}")
            fill(scale)
            measure_pages()
            measure_tasks()
            measure_batches()
            measure_pruning()
        finally:
            redis.stop()


if __name__ == "__main__":
    main()
