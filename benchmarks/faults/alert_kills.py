"""Alerts under kills: 1,000 alerts cross while every part of an instance is killed at random.

The instance has a web process, a worker, beat, Redis and a mail server, on SQLite (`--postgresql`:
an embedded PostgreSQL, which is killed too); each part gets SIGKILL and is restarted at once. A
stub of brapi moves every price slowly through the limits of all alerts but some, and leaves it
beyond them, so the set of alerts that must fire, once each, is known. The script requests quotes
once a second, as an open page does, in addition to beat's batches and sweeps.

After the last kill, leases and back-offs are shortened to save time. Then every alert whose limit
was reached must have fired once, with one notification, and its e-mail must have arrived; a
repeated e-mail must have the same Message-ID.
"""

import argparse
import contextlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import redis

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.rig.market import MOVE, START, Market
from benchmarks.rig.processes import IBOV, Rig, wait_until
from benchmarks.rig.readings import Tally
from mainapp.notifications.tests.smtp import free_port
from project.launcher import BEAT, WORKER
from tests.instances import redis_key
from tests.postgresql import PostgreSQL

ALERTS, KILLS, PAUSE_S = 1000, 50, 2.5
NEAREST = Decimal("0.05")  # distance of the first limit from the first price
UNREACHED = 0.1  # share of further alerts, with limits that the price does not reach
OWNERS = 50
# The source has no prices for AXIA's other share classes, and does not request them.
SYMBOLS = [symbol for symbol in IBOV if not symbol.startswith("AXIA")][:20]
READY_S, FIRED_S, SENT_S = 90.0, 90.0, 150.0
PREPARE = """
import django; django.setup()
from benchmarks.faults.alert_kills import make_alerts
from mainapp.market.services.scheduling import ensure_periodic_tasks
ensure_periodic_tasks()
make_alerts({folder!r}, {count}, {unreached})
"""
OPEN = "SELECT count(*) FROM notifications_delivery WHERE state IN ('waiting', 'claimed')"
FORWARD = (
    "UPDATE notifications_delivery SET due_at = created_at WHERE state IN ('waiting', 'claimed')"
)
FIRINGS = "SELECT alert_id, notification_id FROM alerts_firing"
NOTIFIED = "SELECT id, user_id FROM notifications_notification WHERE kind = 'alert_fired'"
MAILS = "SELECT notification_id, address, message_id, tries FROM notifications_delivery"


def make_alerts(folder: str, count: int, unreached: int) -> None:
    """Record the first prices, create the alerts and write their limits to a file."""
    from django.db import transaction  # noqa: PLC0415 - after the setup
    from django.utils import timezone  # noqa: PLC0415 - as above

    from mainapp.accounts.models import User  # noqa: PLC0415 - as above
    from mainapp.alerts.services.alerts import create_alert  # noqa: PLC0415 - as above
    from mainapp.market.models import Stock  # noqa: PLC0415 - as above
    from mainapp.market.quotes import Quote  # noqa: PLC0415 - as above
    from mainapp.market.services.recording import record_quotes  # noqa: PLC0415 - as above

    now = timezone.now()
    first = partial(Quote, price=START, source="brapi", kind="real", quoted_at=now)
    record_quotes(quotes=[first(symbol=symbol) for symbol in SYMBOLS], at=now)
    owners = User.objects.bulk_create(
        User(username=f"dono{n}", email=f"dono{n}@example.org") for n in range(OWNERS)
    )
    stocks = {stock.symbol: stock for stock in Stock.objects.filter(symbol__in=SYMBOLS)}
    alerts = []
    with transaction.atomic():
        for n in range(count + unreached):
            place = n % len(SYMBOLS)
            away = NEAREST + (MOVE - NEAREST) * n / count if n < count else MOVE + 1
            kind, sign = ("compra", -1) if place % 2 else ("venda", 1)
            limit = (START + sign * away).quantize(Decimal("0.01"))
            alert = create_alert(
                owner=owners[n % OWNERS],
                fields={"ativo": stocks[SYMBOLS[place]], kind: limit},
                quote_kind="real",
                at=now,
            )
            alerts.append([alert.pk, SYMBOLS[place], kind, str(limit), owners[n % OWNERS].pk])
    Path(folder, "alerts").write_text(json.dumps(alerts))


class Site:
    """An instance whose parts can be killed individually."""

    def __init__(self, rig: Rig, postgresql: PostgreSQL | None) -> None:
        self.rig, self.postgresql = rig, postgresql
        self.kills = Counter[str]()
        self.mails = rig.folder / "mails"
        self.mails.touch()
        self.listener = rig.listen()
        self.smtp_port = rig.environment["EMAIL_PORT"]
        self.redis = redis.Redis(unix_socket_path=str(rig.redis_path), socket_timeout=1)
        fd = self.listener.fileno()
        web = partial(rig.python, "-m", "project.serve", "--fd", str(fd), fds=[fd])
        self._starts: dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            "web": web,
            "worker": partial(rig.python, *WORKER.split()),
            "beat": partial(rig.python, *BEAT.split()),
            "redis": rig.start_redis,
            "mail server": partial(
                rig.python, "-m", "benchmarks.rig.mailbox", self.smtp_port, str(self.mails)
            ),
        }
        self._running = {"redis": rig.start_redis()}

    def start(self) -> None:
        for name in self._starts.keys() - self._running.keys():
            self._running[name] = self._starts[name]()
        wait_until(self._is_ready, READY_S)

    def kill(self, name: str) -> None:
        """Kill a part with SIGKILL and start it again, without waiting until it serves."""
        self.kills[name] += 1
        if name == "postgresql" and self.postgresql:
            self.postgresql.restart_killed()
            return
        self._running[name].send_signal(signal.SIGKILL)
        self._running[name].wait()
        if name == "redis":
            self.rig.redis_path.unlink(missing_ok=True)
        self._running[name] = self._starts[name]()

    @property
    def parts(self) -> list[str]:
        return [*sorted(self._starts), *(["postgresql"] if self.postgresql else [])]

    def send(self, task: str, queue: str, *arguments: object) -> None:
        """Put a task on a queue if it is empty, as a page or beat would; it may be lost."""
        message = {
            "body": json.dumps([arguments, {}, {}]),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"task": task, "id": f"{task}-{time.monotonic()}", "lang": "py"},
            "properties": {
                "correlation_id": task,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "delivery_tag": str(time.monotonic()),
            },
        }
        with contextlib.suppress(redis.RedisError):
            name = redis_key("celery", queue)
            if not self.redis.llen(name):
                self.redis.lpush(name, json.dumps(message))

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, none if it is a change."""
        if self.postgresql:
            import psycopg  # noqa: PLC0415 - only with --postgresql

            with psycopg.connect(self.rig.environment["DATABASE_URL"]) as connection:
                cursor = connection.execute(query.encode())
                return cursor.fetchall() if cursor.description else []
        path = self.rig.folder / "pregao.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as database, database:
            return database.execute(query).fetchall()

    def _is_ready(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.redis.exists(redis_key("worker")))
        return False


class QuoteRequests(Thread):
    """Requests quotes once a second, as an open page does."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._site, self._ended = site, Event()

    def run(self) -> None:
        while not self._ended.wait(1.0):
            self._site.send("update_stock", "listed", SYMBOLS)

    def end(self) -> None:
        self._ended.set()
        self.join()


def kill_parts(site: Site, market: Market, kills: int, pause_s: float) -> None:
    """Start moving the prices, and kill the parts in random order."""
    rng = random.Random()  # noqa: S311 - chooses victims
    victims = [site.parts[n % len(site.parts)] for n in range(kills)]
    rng.shuffle(victims)
    market.start_ramp(kills * pause_s)
    started_at = time.monotonic()
    for number, victim in enumerate(victims):
        due_at = started_at + (number + rng.random()) * pause_s
        time.sleep(max(0.0, due_at - time.monotonic()))
        site.kill(victim)


def wait_for_deliveries(site: Site, expected: int) -> tuple[float, float]:
    """Wait for the last firing and the last e-mail; return the seconds that each took."""
    fired_s = _seconds_until(lambda: len(site.sql(FIRINGS)) >= expected, FIRED_S)
    site.kill("worker")
    site.kills["worker"] -= 1
    site.sql(FORWARD)

    def is_sent() -> bool:
        site.send("deliver", "celery")
        time.sleep(0.3)
        return site.sql(OPEN) == [(0,)]

    return fired_s, _seconds_until(is_sent, SENT_S)


def _seconds_until(condition: Callable[[], bool], timeout_s: float) -> float:
    started_at = time.monotonic()
    while not condition():
        if time.monotonic() - started_at > timeout_s:
            return float("inf")
        time.sleep(0.2)
    return time.monotonic() - started_at


def reached(alerts: list[list[Any]], market: Market) -> dict[int, int]:
    """Return the owner of each alert whose limit lies between the first price and the last."""
    owners = {}
    for pk, symbol, kind, text, owner in alerts:
        limit, last = Decimal(text), market.last_price(symbol)
        if (kind == "venda" and limit <= last) or (kind == "compra" and limit >= last):
            owners[pk] = owner
    return owners


def check_result(tally: Tally, site: Site, expected: dict[int, int]) -> None:
    """Compare the expected firings with the database and the e-mails that arrived."""
    firings = site.sql(FIRINGS)
    fired = Counter(alert for alert, _notification in firings)
    tally.note(f"kills: {dict(site.kills)}")
    tally.note(f"firings expected {len(expected)}, found {len(firings)}")
    tally.line("lost", len(expected.keys() - fired.keys()), "", 0)
    tally.line("fired without reaching the limit", len(fired.keys() - expected.keys()), "", 0)
    tally.line("fired twice", sum(count > 1 for count in fired.values()), "", 0)
    inbox = dict(site.sql(NOTIFIED))
    right = [pk for pk, row in firings if row in inbox and inbox[row] == expected.get(pk)]
    tally.note(f"notifications {len(inbox)}")
    tally.line("firings without their owner's notification", len(firings) - len(right), "", 0)
    shared = len(firings) - len({row for _alert, row in firings})
    tally.line("notifications of no firing or of two", len(inbox) - len(firings) + shared, "", 0)
    check_mails(tally, site, inbox)


def check_mails(tally: Tally, site: Site, inbox: dict[int, int]) -> None:
    rows = [row for row in site.sql(MAILS) if row[0] in inbox]
    expected = {(address, message_id) for _notification, address, message_id, _tries in rows}
    lines = site.mails.read_text().splitlines()
    arrived = Counter(tuple(line.split(" ", 1)) for line in lines)
    tally.note(
        f"e-mails arrived {arrived.total()}, tries {sum(row[3] for row in rows)}, "
        f"repeated with the same Message-ID {arrived.total() - len(arrived)}"
    )
    tally.line(
        "firings without exactly one e-mail", len(inbox.keys() ^ {r[0] for r in rows}), "", 0
    )
    tally.line("e-mails with the Message-ID of another", len(rows) - len(expected), "", 0)
    tally.line("e-mails that did not arrive", len(expected - arrived.keys()), "", 0)
    tally.line("e-mails with an unknown Message-ID", len(arrived.keys() - expected), "", 0)


def run(
    *,
    alerts: int = ALERTS,
    kills: int = KILLS,
    pause_s: float = PAUSE_S,
    postgresql: bool = False,
) -> Tally:
    """Let the alerts cross under kills, and check the result."""
    database = "PostgreSQL" if postgresql else "SQLite"
    tally = Tally(f"{alerts} alerts cross on {database} during {kills} kills of random parts")
    market = Market(SYMBOLS)
    with Rig(**_variables(market)) as rig, rig.on_failure_show_log(), contextlib.ExitStack() as end:
        end.callback(market.close)
        server = _start_postgresql(rig, end) if postgresql else None
        site = Site(rig, server)
        rig.prepare()
        few = max(1, int(alerts * UNREACHED))
        rig.run_python("-c", PREPARE.format(folder=str(rig.folder), count=alerts, unreached=few))
        site.start()
        requests = QuoteRequests(site)
        requests.start()
        kill_parts(site, market, kills, pause_s)
        expected = reached(json.loads((rig.folder / "alerts").read_text()), market)
        fired_s, sent_s = wait_for_deliveries(site, len(expected))
        requests.end()
        tally.line("after the last kill, until the last firing", fired_s, "s", FIRED_S)
        tally.line("from there until the last e-mail", sent_s, "s", SENT_S)
        tally.check("the price reached the limits of all intended alerts", len(expected) == alerts)
        check_result(tally, site, expected)
    return tally


def _variables(market: Market) -> dict[str, str]:
    return {
        "QUOTE_SOURCE": "brapi",
        "ALLOW_SIMULATED": "0",
        "BRAPI_URL": market.url,
        "BRAPI_TOKEN": "any",
        "BRAPI_BATCH_SIZE": str(len(SYMBOLS)),
        "BRAPI_BUDGET_PER_MONTH": str(10**9),
        "SOURCE_TIMEOUT_S": "1",
        "UPDATE_INTERVAL_S": "1",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(free_port()),
        "EMAIL_USE_TLS": "0",
        "SITE_URL": "https://pregao.example",
        "EMAIL_VERIFICATION": "none",
        "LOG_LEVEL": "ERROR",
    }


def _start_postgresql(rig: Rig, end: contextlib.ExitStack) -> PostgreSQL:
    server = PostgreSQL()
    end.callback(server.close)
    rig.environment["DATABASE_URL"] = server.url
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--alerts", type=int, default=ALERTS)
    parser.add_argument("--postgresql", action="store_true")
    arguments = parser.parse_args()
    sys.exit(run(**vars(arguments)).exit_code)
