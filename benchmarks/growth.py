"""Pages, tasks, pruning and vacuum with big tables on a durable PostgreSQL.

    .venv/bin/python benchmarks/growth.py --scale 1 --others 0.3

Scale 1 is a million users, 10 M messages, 100,000 ideas and the minute candles of 400 symbols for
a year. `mainapp/pages/tests/test_plans.py` holds the plans at a smaller scale. Pages run in this
process, without a server; the best of four rounds counts. No budget: the figures are a table. The
tables that this does not name and that would have more than a million rows, such as 10 M
notifications, have the scale `--others`.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.alerts import prepare
from benchmarks.rig import growing
from benchmarks.rig.churn import line, measure_churn, timed
from tests.redis_servers import Server

ROUNDS = 4
PAGES = (
    *("/", "/stocktracker", "/ativo/PETR4/", "/room/500/", "/conversas/", "/forum/"),
    *("/conversas/?q=trimestre", "/buscar/?q=sala", "/ideias/", "/agenda/", "/alerts/"),
    *("/carteira", "/notifications/", "/api/v1/chats/", "/api/v1/ideas/"),
)
NO_QUERY = {"time": "0", "sql": ""}
# A slow page is a figure, too; the project ends it after 7 s.
NO_LIMIT_S = 600.0
# Rows that are too old for the settings: two hours of all symbols.
OLD_MINUTES = 120


def grow(scale: float, others: float) -> None:
    from django.db import connection  # noqa: PLC0415 - after the setup

    sizes = growing.grown_sizes(scale, others)
    line("filling", f"{timed(lambda: growing.fill(sizes)) / 1000:.0f} s")
    with connection.cursor() as cursor:
        line("vacuum", f"{timed(lambda: cursor.execute('VACUUM ANALYZE')) / 1000:.0f} s")


def measure_sizes() -> None:
    """Print the size of the database, and of its largest tables."""
    from django.db import connection  # noqa: PLC0415 - after the setup

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()) / 1e9")
        line("database", f"{cursor.fetchone()[0]:.1f} GB")
        cursor.execute(
            "SELECT relname, reltuples, pg_table_size(oid) / 1e6, pg_indexes_size(oid) / 1e6 "
            "FROM pg_class WHERE relkind = 'r' ORDER BY pg_total_relation_size(oid) DESC LIMIT 12"
        )
        for name, rows, table_mb, index_mb in cursor.fetchall():
            line(
                f"  {name}", f"{rows:,.0f} rows", f"{table_mb:,.0f} + {index_mb:,.0f} MB of indices"
            )


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

        slowest = max(queries, key=lambda query: float(query["time"]), default=NO_QUERY)
        in_sql = sum(float(query["time"]) for query in queries) * 1000
        line(
            f"{path} {sorted(statuses)}",
            f"{min(walls):7.0f} ms, {in_sql:6.0f} in {len(queries):2} queries",
            f"slowest {float(slowest['time']) * 1000:5.0f}: {slowest['sql'][:60]}",
        )


def measure_pruning() -> None:
    """Print the time to prune the candles of two hours, and to drop a table of as many rows."""
    from datetime import timedelta  # noqa: PLC0415 - after the setup

    from django.conf import settings  # noqa: PLC0415 - as above
    from django.db import connection  # noqa: PLC0415 - as above

    from mainapp.market.services.candles import prune_candles  # noqa: PLC0415 - as above

    old = "\"interval\" = '1m' AND starts_at < %s"
    kept, deleted = timedelta(days=settings.KEEP_MINUTE_CANDLES_DAYS), []
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(starts_at) FROM market_candle WHERE \"interval\" = '1m'")
        first = cursor.fetchone()[0]
        until = first + timedelta(minutes=OLD_MINUTES)
        wall_ms = timed(lambda: prune_candles(at=first + kept))
        line("prune_candles, no old row", f"{wall_ms:.0f} ms")
        cursor.execute(
            f"CREATE TABLE partition AS SELECT * FROM market_candle WHERE {old}",  # noqa: S608 - ours
            [until],
        )
        cursor.execute(f"EXPLAIN DELETE FROM market_candle WHERE {old}", [until])  # noqa: S608 - ours
        line("one DELETE by time would be", " / ".join(row[0] for row in cursor.fetchall()[:2]))
        wall_ms = timed(lambda: deleted.append(prune_candles(at=until + kept)))
        line(f"prune_candles, {OLD_MINUTES} minutes old", f"{wall_ms:.0f} ms, {deleted[0]:,} rows")
        line("  VACUUM after it", f"{timed(lambda: cursor.execute('VACUUM market_candle')):.0f} ms")
        wall_ms = timed(lambda: cursor.execute("DROP TABLE partition"))
        line("DROP of a table with the same rows", f"{wall_ms:.0f} ms")


def measure_tasks() -> None:
    from datetime import timedelta  # noqa: PLC0415 - after the setup

    from django.utils import timezone  # noqa: PLC0415 - as above

    from mainapp.alerts.selectors.needs import needed_symbols  # noqa: PLC0415 - as above
    from mainapp.forum.services.talk import notify_talk  # noqa: PLC0415 - as above
    from mainapp.notifications.models import Delivery  # noqa: PLC0415 - as above
    from mainapp.notifications.services import inbox  # noqa: PLC0415 - as above

    now, first = timezone.now(), Delivery.objects.order_by("pk")[0].created_at
    night = first + inbox.KEEP_DELIVERIES + timedelta(days=1)
    for name, work in (
        ("symbols that alerts need", needed_symbols),
        ("notify_talk", lambda: notify_talk(at=now)),
        ("a day's deliveries, pruned", lambda: inbox.prune_notifications(at=night)),
    ):
        line(name, f"{timed(work):.0f} ms")


def measure(folder: Path, url: str, redis: Server, grow_first: Callable[[], None]) -> None:
    os.environ["PYTHONWARNINGS"] = "ignore"
    prepare(folder, url, f"redis://127.0.0.1:{redis.port}/0", debug="1")
    from mainapp.core import database  # noqa: PLC0415 - after the setup

    database.REQUEST_S = NO_LIMIT_S
    grow_first()
    measure_sizes()
    measure_pages()
    measure_tasks()
    measure_churn()
    measure_pruning()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.02)
    parser.add_argument("--others", type=float, help="scale of the tables that the question omits")
    parser.add_argument("--database", help="the URL of a database that is already grown")
    options = parser.parse_args()
    scale, others = options.scale, options.others or options.scale
    with tempfile.TemporaryDirectory(prefix="pregao-growth-") as folder, ExitStack() as stack:
        redis = Server(Path(folder))
        stack.callback(redis.stop)
        if options.database:
            print(f"growth: {options.database}")
            measure(Path(folder), options.database, redis, lambda: None)
        else:
            print(f"growth: scale {scale:g}, other large tables {others:g}")
            server = stack.enter_context(closing(growing.start_server()))
            measure(Path(folder), server.url, redis, lambda: grow(scale, others))


if __name__ == "__main__":
    main()
