"""Cost of judging a batch of quotes against 100,000 open ideas on 400 symbols, on PostgreSQL.

Measured for batches of 85 and of 400 symbols that decide nothing, and for one that ends 1,000
ideas. Compared with the usual loop, which reads all ideas, and saves and notifies one by one. The
best of several rounds counts, because other work on the machine only makes them longer.
"""

import statistics
import sys
import tempfile
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.alerts import NOON, batch, prepare, timed
from benchmarks.rig.readings import BUDGET_MISSED
from tests.postgresql import PostgreSQL

IDEAS, SYMBOLS, AUTHORS, END = 100_000, 400, 1_000, 1_000
ROUNDS, ENDINGS, ONE_BY_ONE = 30, 4, 200
BUDGETS_MS = {85: 5.0, 400: 15.0, "ends": 1500.0}


def fill() -> list[Any]:
    """Create stocks at R$ 30.00, authors, and ideas with limits 2 to 20 % away."""
    from django.db import connection  # noqa: PLC0415 - after the setup
    from django.db.models import QuerySet  # noqa: PLC0415 - after the setup

    from mainapp.accounts.models import User  # noqa: PLC0415 - after the setup
    from mainapp.ideas.conditions import end_of_day, levels  # noqa: PLC0415 - after the setup
    from mainapp.ideas.models import Idea  # noqa: PLC0415 - after the setup
    from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup

    Stock.objects.bulk_create(
        Stock(symbol=f"Z{n:03}3", name=f"Empresa {n}", search_text="", kind="ON")
        for n in range(SYMBOLS)
    )
    User.objects.bulk_create(
        User(username=f"autor{n}", email=f"autor{n}@example.org") for n in range(AUTHORS)
    )
    stocks, authors = list(Stock.objects.all()), list(User.objects.order_by("pk"))
    horizon = (NOON + timedelta(days=30)).date()
    ideas = []
    for n in range(IDEAS):
        away = Decimal(2 + n % 19) / 100
        side = "buy" if n % 2 else "sell"
        high, low = 30 * (1 + away), 30 * (1 - away)
        target, stop = (high, low) if side == "buy" else (low, high)
        idea = Idea(
            author=authors[n // SYMBOLS % AUTHORS],
            stock=stocks[n % SYMBOLS],
            side=side,
            target=target,
            stop=stop,
            horizon=horizon,
            expires_at=end_of_day(horizon),
            status="open",
            quote_kind="simulated",
            created_at=NOON,
            asked_at=NOON,
            adjusted_on=NOON.date(),
            price_at=Decimal("30.00"),
            priced_at=NOON,
        )
        idea.upper, idea.lower = levels(side, target, stop)
        ideas.append(idea)
    QuerySet[Idea](Idea).bulk_create(ideas, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return stocks


def loop_over_ideas(arguments: dict[str, Any]) -> int:
    """Judge the usual way: read every open idea and compare it in Python."""
    from mainapp.ideas.conditions import reached  # noqa: PLC0415 - after the setup
    from mainapp.ideas.models import Idea  # noqa: PLC0415 - after the setup

    quotes = {quote.symbol: quote for quote in arguments["quotes"]}
    rows = Idea.objects.filter(status="open").select_related("stock")
    return sum(
        reached(idea.side, idea.target, idea.stop, quotes[idea.stock.symbol].price) is not None
        for idea in rows
        if idea.stock.symbol in quotes
    )


def end_one_by_one(pks: list[int], arguments: dict[str, Any]) -> None:
    """End ideas the usual way: each with its own queries and its own notification."""
    from mainapp.ideas.models import Idea  # noqa: PLC0415 - after the setup
    from mainapp.ideas.services.announcing import announce  # noqa: PLC0415 - after the setup
    from mainapp.ideas.services.changes import touch  # noqa: PLC0415 - after the setup

    quotes = {quote.symbol: quote for quote in arguments["quotes"]}
    for idea in Idea.objects.filter(pk__in=pks).select_related("stock"):
        quote = quotes[idea.stock.symbol]
        idea.close(
            status="target", price=quote.price, at=quote.quoted_at, source=quote.source, index=None
        )
        idea.save()
        touch([idea.pk])
        announce(ideas=[idea])


def report_quiet(stocks: list[Any]) -> bool:
    """Print the cost of a batch that decides nothing; return whether the budgets are met."""
    from mainapp.ideas.services.judging import judge_ideas  # noqa: PLC0415 - after the setup

    is_met = True
    for count in (85, 400):
        arguments = batch(stocks[:count], "30.05", 1)
        runs = [timed(partial(judge_ideas, **arguments)) for _ in range(ROUNDS)]
        wall, sql = (min(run[place] for run in runs) for place in (0, 1))
        median, queries = statistics.median(run[1] for run in runs), {run[2] for run in runs}
        print(
            f"  {count} symbols, nothing ends: {sql:6.2f} ms of SQL (median {median:.2f}), "
            f"{wall:6.2f} ms in all, queries {sorted(queries)}"
        )
        is_met &= sql <= BUDGETS_MS[count] and queries == {1}
    loop, _sql, _queries = timed(partial(loop_over_ideas, arguments))
    print(f"  a loop over all ideas: {loop:8.0f} ms ({loop / wall:.0f} x)")
    return is_met


def prepare_ending(stocks: list[Any], number: int) -> tuple[list[int], dict[str, Any]]:
    """Give END ideas a target that a batch reaches; return their keys and the batch."""
    from mainapp.ideas.conditions import to_millionths  # noqa: PLC0415 - after the setup
    from mainapp.ideas.models import Idea  # noqa: PLC0415 - after the setup

    level = Decimal("30.05")
    chosen = Idea.objects.filter(status="open", side="buy").order_by("pk")[:END]
    pks = list(chosen.values_list("pk", flat=True))
    Idea.objects.filter(pk__in=pks).update(target=level, upper=to_millionths(level))
    return pks, batch(stocks, "30.05", 2 + number)


def report_ending(stocks: list[Any]) -> bool:
    """Print the cost of a batch that ends END ideas, notifications included."""
    from django.db import transaction  # noqa: PLC0415 - after the setup

    from mainapp.ideas.models import Idea  # noqa: PLC0415 - after the setup
    from mainapp.ideas.services.judging import judge_ideas  # noqa: PLC0415 - after the setup

    walls = []
    for number in range(ENDINGS):
        pks, arguments = prepare_ending(stocks, number)
        with transaction.atomic():
            wall, sql, queries = timed(partial(judge_ideas, **arguments))
        ended = Idea.objects.filter(pk__in=pks, status="target").count()
        print(f"  {ended} end: {wall:5.0f} ms ({sql:.0f} of SQL, {queries} queries)")
        walls.append(wall)
    pks, arguments = prepare_ending(stocks, ENDINGS)
    with transaction.atomic():
        loop, _sql, queries = timed(partial(end_one_by_one, pks, arguments))
    print(
        f"  {END} end one by one: {loop:5.0f} ms in {queries} queries ({loop / min(walls):.0f} x)"
    )
    return min(walls) <= BUDGETS_MS["ends"]


def main() -> None:
    server = PostgreSQL(is_durable=True)
    with tempfile.TemporaryDirectory(prefix="pregao-ideas-") as folder, closing(server):
        prepare(Path(folder), server.url)
        stocks = fill()
        print(f"{IDEAS:,} open ideas on {SYMBOLS} symbols, PostgreSQL")
        is_met = report_quiet(stocks)
        is_met &= report_ending(stocks)
        print(f"  budgets: SQL {BUDGETS_MS[85]:g} and {BUDGETS_MS[400]:g} ms in 1 query, ", end="")
        print(f"{END} ideas ended within 1.5 s: {'met' if is_met else 'MISSED'}")
    sys.exit(0 if is_met else BUDGET_MISSED)


if __name__ == "__main__":
    main()
