"""Cost of evaluating a batch of quotes against 100,000 active alerts on 400 symbols, on PostgreSQL.

Measured when nothing fires, for 85 symbols and for all 400, and when 1,000 alerts fire. Compared
with the usual loop over alerts, and with a plain join that has no index of each condition's
threshold.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.readings import BUDGET_MISSED
from tests.postgresql import PostgreSQL

ALERTS, SYMBOLS, OWNERS, FIRE = 100_000, 400, 1_000, 1_000
ROUNDS = 15
NOON = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
BUDGETS_MS = {85: 5.0, 400: 12.0, "fires": 1000.0}


def prepare(
    folder: Path, database_url: str, redis_url: str = "redis://127.0.0.1:1/0", debug: str = "0"
) -> None:
    """Start Django on a new database."""
    os.environ |= {
        "DEBUG": debug,
        "SECRET_KEY": "benchmark",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
        "REDIS_URL": redis_url,
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
    import django  # noqa: PLC0415 - after the environment is set

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after the setup

    call_command("migrate", verbosity=0)


def fill() -> list[Any]:
    """Create stocks at R$ 30.00, owners, and alerts with limits 1 to 20 % away."""
    from django.db import connection  # noqa: PLC0415 - after the setup

    from mainapp.accounts.models import User  # noqa: PLC0415 - after the setup
    from mainapp.alerts.conditions import State  # noqa: PLC0415 - after the setup
    from mainapp.alerts.models import Alert, Condition  # noqa: PLC0415 - after the setup
    from mainapp.alerts.services.evaluating import set_state  # noqa: PLC0415 - after the setup
    from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup

    Stock.objects.bulk_create(
        Stock(symbol=f"Z{n:03}3", name=f"Empresa {n}", search_text="", kind="ON")
        for n in range(SYMBOLS)
    )
    User.objects.bulk_create(
        User(username=f"dono{n}", email=f"dono{n}@example.org") for n in range(OWNERS)
    )
    stocks, owners = list(Stock.objects.all()), list(User.objects.order_by("pk"))
    ends = NOON + timedelta(days=30)
    alerts = []
    for n in range(ALERTS):
        away = 1 + Decimal(n % 1900) / 10_000 + Decimal("0.01")
        alert = Alert(
            owner=owners[n % OWNERS],
            ativo=stocks[n % SYMBOLS],
            quote_kind="simulated",
            created_at=NOON,
            expires_at=ends,
            compra=(30 / away).quantize(Decimal("0.01")) if n % 4 != 1 else None,
            venda=(30 * away).quantize(Decimal("0.01")) if n % 4 != 0 else None,
            change_up_pct=Decimal("5.00") if n % 4 == 3 else None,
        )
        alerts.append(alert)
    Alert.objects.bulk_create(alerts, batch_size=5000)
    rows = []
    for alert in alerts:
        for kind in alert.limits():
            row = Condition(
                alert=alert,
                stock=alert.ativo,
                kind=kind,
                periods=1,
                quote_kind="simulated",
                expires_at=ends,
            )
            set_state(row, State("armed"))
            rows.append(row)
    Condition.objects.bulk_create(rows, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return stocks


def quotes_of(stocks: list[Any], price: str, minute: int) -> list[Any]:
    from mainapp.market.quotes import Quote  # noqa: PLC0415 - after the setup

    return [
        Quote(
            symbol=stock.symbol,
            price=Decimal(price),
            previous_close=Decimal("30.00"),
            source="simulated",
            kind="simulated",
            quoted_at=NOON + timedelta(minutes=minute),
        )
        for stock in stocks
    ]


def batch(stocks: list[Any], price: str, minute: int) -> dict[str, Any]:
    """Return the arguments of `evaluate_batch`; the previous prices were R$ 30.00."""
    before = quotes_of(stocks, "30.00", minute - 1)
    return {
        "quotes": quotes_of(stocks, price, minute),
        "last": {quote.symbol: quote for quote in before},
        "stocks": {stock.symbol: stock for stock in stocks},
        "at": NOON + timedelta(minutes=minute),
    }


def timed(work: Callable[[], object]) -> tuple[float, float, int]:
    """Return the wall time and the time in SQL, both in milliseconds, and the number of queries."""
    from django.db import connection  # noqa: PLC0415 - after the setup

    spent: list[float] = []

    def record_time(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        started_at = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append((time.perf_counter() - started_at) * 1000)

    started_at = time.perf_counter()
    with connection.execute_wrapper(record_time):
        work()
    return (time.perf_counter() - started_at) * 1000, sum(spent), len(spent)


def loop_over_alerts(arguments: dict[str, Any]) -> int:
    """Evaluate the usual way: read every active alert and compare it in Python."""
    from mainapp.alerts.models import Alert  # noqa: PLC0415 - after the setup

    quotes = {quote.symbol: quote for quote in arguments["quotes"]}
    fired = 0
    for alert in Alert.objects.filter(status="active").select_related("ativo"):
        quote = quotes.get(alert.ativo.symbol)
        if quote and (
            (alert.compra is not None and quote.price <= alert.compra)
            or (alert.venda is not None and quote.price >= alert.venda)
        ):
            fired += 1
    return fired


def plain_join(arguments: dict[str, Any]) -> None:
    """Find the alerts to fire by a join over the limits, with OR between the conditions."""
    from django.db import connection  # noqa: PLC0415 - after the setup

    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT a.id FROM unnest(%s::bigint[], %s::numeric[]) AS q (stock, price)
               JOIN alerts_alert a ON a.ativo_id = q.stock AND a.status = 'active'
               WHERE a.compra >= q.price OR a.venda <= q.price""",
            [
                [stock.pk for stock in arguments["stocks"].values()],
                [quote.price for quote in arguments["quotes"]],
            ],
        )
        cursor.fetchall()


def report_quiet(stocks: list[Any]) -> bool:
    """Print the cost of a batch in which nothing fires; return whether the budgets are met."""
    from mainapp.alerts.services.evaluating import evaluate_batch  # noqa: PLC0415 - after the setup

    is_met = True
    for count in (85, 400):
        arguments = batch(stocks[:count], "30.05", 1)
        runs = [timed(partial(evaluate_batch, **arguments)) for _ in range(ROUNDS)]
        joins = [timed(partial(plain_join, arguments))[1] for _ in range(ROUNDS)]
        wall, sql = (statistics.median(run[i] for run in runs) for i in (0, 1))
        join, queries = statistics.median(joins), {run[2] for run in runs}
        print(
            f"  {count} symbols, nothing fires: {sql:6.2f} ms of SQL, {wall:6.2f} ms in all, ",
            end="",
        )
        print(f"queries {sorted(queries)}; a plain join {join:6.1f} ms ({join / sql:.1f} x)")
        is_met &= sql <= BUDGETS_MS[count] and queries == {1}
    arguments = batch(stocks, "30.05", 1)
    loop, _sql, _queries = timed(partial(loop_over_alerts, arguments))
    print(f"  a loop over all alerts: {loop:8.0f} ms ({loop / wall:.0f} x)")
    return is_met


def report_firing(stocks: list[Any]) -> bool:
    """Print the cost of a batch that fires FIRE alerts, e-mails included."""
    from django.db import transaction  # noqa: PLC0415 - after the setup

    from mainapp.alerts.models import Condition, Firing  # noqa: PLC0415 - after the setup
    from mainapp.alerts.services.evaluating import evaluate_batch  # noqa: PLC0415 - after the setup
    from mainapp.notifications.models import Delivery  # noqa: PLC0415 - after the setup

    walls = []
    for number in range(3):
        level = Decimal(30)
        rows = Condition.objects.filter(kind="venda", phase="armed").order_by("pk")
        chosen = list(rows[number * FIRE : (number + 1) * FIRE].values_list("pk", flat=True))
        alerts = Condition.objects.filter(pk__in=chosen).values("alert")
        _set_limits(alerts, level)
        arguments = batch(stocks, "30.05", 2 + number)
        before = Firing.objects.count()
        with transaction.atomic():
            wall, sql, queries = timed(partial(evaluate_batch, **arguments))
        fired = Firing.objects.count() - before
        print(f"  {fired} fire, {Delivery.objects.count()} mails so far: {wall:5.0f} ms", end="")
        print(f" ({sql:.0f} of SQL, {queries} queries)")
        walls.append(wall)
    return min(walls) <= BUDGETS_MS["fires"]


def _set_limits(alerts: Any, limit: Decimal) -> None:
    """Give the alerts a limit that the next batch will reach."""
    from mainapp.alerts.models import Alert, Condition  # noqa: PLC0415 - after the setup

    pks = list(alerts.values_list("alert", flat=True))
    Alert.objects.filter(pk__in=pks).update(venda=limit, compra=None)
    Condition.objects.filter(alert__in=pks, kind="venda").update(level=int(limit * 1_000_000))


def main() -> None:
    server = PostgreSQL(is_durable=True)
    with tempfile.TemporaryDirectory(prefix="pregao-alerts-") as folder, closing(server):
        prepare(Path(folder), server.url)
        started_at = time.perf_counter()
        stocks = fill()
        print(f"{ALERTS:,} active alerts on {SYMBOLS} symbols ", end="")
        print(f"(made in {time.perf_counter() - started_at:.0f} s), PostgreSQL")
        is_met = report_quiet(stocks)
        is_met &= report_firing(stocks)
        print(f"  budgets: SQL {BUDGETS_MS[85]:g} and {BUDGETS_MS[400]:g} ms in 1 query, ", end="")
        print(f"{FIRE} firings within 1 s: {'met' if is_met else 'MISSED'}")
    sys.exit(0 if is_met else BUDGET_MISSED)


if __name__ == "__main__":
    main()
