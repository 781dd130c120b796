"""An instance's usual updates on a database with big tables, for their HOT updates and dead rows.

Each function works through the project's services, and prints the milliseconds of one step.
"""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

BATCHES, MESSAGES, CHUNKS = 60, 300, 10


def timed(work: Callable[[], Any]) -> float:
    """Return the milliseconds that a piece of work took."""
    started_at = time.perf_counter()
    work()
    return (time.perf_counter() - started_at) * 1000


def line(name: str, *values: str) -> None:
    print(f"  {name:<44} " + "   ".join(values), flush=True)


def record_batches() -> None:
    """Record batches of all symbols, ten seconds apart."""
    from django.utils import timezone  # noqa: PLC0415 - after the setup

    from mainapp.market.models import LastQuote  # noqa: PLC0415 - as above
    from mainapp.market.quotes import Quote  # noqa: PLC0415 - as above
    from mainapp.market.services.recording import record_quotes  # noqa: PLC0415 - as above

    rows: list[Any] = list(LastQuote.objects.select_related("stock"))
    start = timezone.now()

    def batch(number: int) -> None:
        at = start + timedelta(seconds=10 * number)
        quotes = [
            Quote(
                symbol=row.stock.symbol,
                name=row.stock.name,
                price=row.price + Decimal(number % 7) / 100,
                source="simulated",
                kind="simulated",
                previous_close=row.price,
                volume=1000 + number,
                quoted_at=at,
            )
            for row in rows
        ]
        record_quotes(quotes=quotes, at=at)

    _repeat(f"batch of {len(rows)} quotes", batch, BATCHES)


def talk() -> None:
    """Post messages of many people into the forum's rooms, and read them."""
    from mainapp.accounts.models import User  # noqa: PLC0415 - after the setup
    from mainapp.forum.models import Room  # noqa: PLC0415 - as above
    from mainapp.forum.services.marks import mark_room_read  # noqa: PLC0415 - as above
    from mainapp.forum.services.messages import post_message  # noqa: PLC0415 - as above

    people = list(User.objects.order_by("pk")[2000 : 2000 + MESSAGES])
    rooms = list(Room.objects.public().order_by("pk")[:30])

    def post(number: int) -> None:
        post_message(room_pk=rooms[number % 30].pk, author=people[number], body=f"Oi {number}")

    def read(number: int) -> None:
        room = rooms[(number + 1) % 30]
        mark_room_read(room_pk=room.pk, user=people[number], seq=10**9)

    _repeat("message", post, MESSAGES)
    _repeat("mark of a room as read", read, MESSAGES)


def deliver() -> None:
    """Claim deliveries and record that they were sent."""
    from django.utils import timezone  # noqa: PLC0415 - after the setup

    from mainapp.notifications.models import Delivery  # noqa: PLC0415 - as above
    from mainapp.notifications.services.outbox import claim_due, record_attempt  # noqa: PLC0415

    at = timezone.now()
    newest = Delivery.objects.order_by("-pk").values_list("pk", flat=True)[: CHUNKS * 20]
    Delivery.objects.filter(pk__in=list(newest)).update(state="waiting", due_at=at)

    def chunk(_number: int) -> None:
        for delivery in claim_due(limit=20, at=at):
            record_attempt(delivery=delivery, error=None, at=at)

    _repeat("20 deliveries, claimed and recorded", chunk, CHUNKS)


def seal() -> None:
    """Seal the audit's entries of this run."""
    from django.utils import timezone  # noqa: PLC0415 - after the setup

    from mainapp.core.models import AuditEntry, AuditHead, AuditSeal  # noqa: PLC0415 - as above
    from mainapp.operations.services.sealing import seal_entries  # noqa: PLC0415 - as above

    last = AuditSeal.objects.order_by("-number")[0]
    AuditHead.objects.update_or_create(
        pk=AuditHead.KEY, defaults={"number": last.number, "hash": last.hash}
    )
    newest = AuditEntry.objects.values_list("pk", flat=True)[:5000]
    AuditEntry.objects.filter(pk__in=list(newest)).update(seal_number=None)
    line(
        "sealing of 5,000 audit entries", f"{timed(lambda: seal_entries(at=timezone.now())):.0f} ms"
    )


def measure_churn() -> None:
    """Do all of it; print what was written ahead, and the updates of each table."""
    from django.db import connection  # noqa: PLC0415 - after the setup

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_reset()")
        for work in (record_batches, talk, deliver, seal):
            cursor.execute("SELECT pg_current_wal_lsn()")
            before = cursor.fetchone()[0]
            work()
            cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), %s) / 1024", [before])
            line("  written ahead (WAL)", f"{float(cursor.fetchone()[0]):,.0f} KB")
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT relname, n_tup_upd, n_tup_hot_upd, n_dead_tup FROM pg_stat_user_tables "
            "WHERE n_tup_upd >= 20 ORDER BY n_tup_upd DESC"
        )
        for name, updates, hot, dead in cursor.fetchall():
            line(
                f"  {name}",
                f"{100 * hot / updates:.0f} % HOT of {updates:,} updates, {dead:,} dead",
            )


def _repeat(name: str, step: Callable[[int], None], times: int) -> None:
    walls = [timed(lambda: step(number)) for number in range(times)]  # noqa: B023
    line(f"{name}, median of {times}", f"{statistics.median(walls):.1f} ms")
