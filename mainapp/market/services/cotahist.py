"""Loading of B3's own history files into the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, BinaryIO

from django.db import connection, transaction

from mainapp.market import sessions
from mainapp.market.models import ExchangeDay, Stock
from mainapp.market.readers.cotahist import Day, check_file, padded, read_days
from mainapp.market.readers.zipped import open_text
from mainapp.market.symbols import INDEX

# Each transaction is short, so that no other writer waits long.
ROWS_A_TRANSACTION = 2000
PRICES = ("open", "high", "low", "close", "volume")
# `bulk_create` took 21 s of the 29 s of CPU of a year.
_UPSERT = f"""
    INSERT INTO {ExchangeDay._meta.db_table} (stock_id, day, {", ".join(PRICES)})
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (stock_id, day) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in PRICES)}
"""  # noqa: S608 - our own names


@dataclass(slots=True, kw_only=True)
class Loaded:
    """The result of a load: the file's records, and its days of known papers."""

    records: int
    first_day: date | None
    last_day: date | None
    days: int = 0
    added: int = 0
    changed: int = 0


def load_cotahist(file: BinaryIO, *, at: datetime) -> Loaded:
    """Load a COTAHIST file, zip or text, into the days of the papers that the catalogue knows.

    The whole file is checked before anything is written. Safe to repeat: a second load writes
    nothing, or completes one that was killed. Memory does not depend on the file's size.
    Raises: CotahistError.
    """
    symbols = Stock.objects.exclude(symbol=INDEX).values_list("symbol", "pk")
    wanted = {padded(symbol): pk for symbol, pk in symbols}
    last_day = last_closed_day(at)
    with open_text(file) as stream:
        summary = check_file(stream, wanted=wanted, last_day=last_day)
    loaded = Loaded(records=summary.records, first_day=summary.first_day, last_day=summary.last_day)
    with open_text(file) as stream:
        rows = read_days(stream, wanted=wanted, summary=summary, last_day=last_day)
        while batch := list(islice(rows, ROWS_A_TRANSACTION)):
            added, changed = _write(batch, wanted)
            loaded.days += len(batch)
            loaded.added += added
            loaded.changed += changed
    return loaded


def last_closed_day(at: datetime) -> date:
    """Return the last day whose session, if it has one, is over."""
    today = sessions.sao_paulo_day(at)
    hours = sessions.schedule(today)
    is_over = hours is None or at >= (hours.after_market_close or hours.close)
    return today if is_over else today - timedelta(days=1)


@transaction.atomic
def _write(batch: Iterable[Day], ids: Mapping[bytes, int]) -> tuple[int, int]:
    """Write the days that differ from the stored ones; return the numbers added and changed."""
    wanted: dict[tuple[int, date], tuple[Any, ...]] = {
        (ids[each.code], each.day): each[2:] for each in batch
    }
    stored = {
        (stock, day): tuple(values)
        for stock, day, *values in ExchangeDay.objects.filter(
            stock__in={stock for stock, _day in wanted}, day__in={day for _stock, day in wanted}
        ).values_list("stock", "day", *PRICES)
    }
    differing = {slot: values for slot, values in wanted.items() if stored.get(slot) != values}
    with connection.cursor() as cursor:
        # Sorted, so that two loads lock the rows in the same order.
        cursor.executemany(
            _UPSERT, [(*slot, *values) for slot, values in sorted(differing.items())]
        )
    changed = len(differing.keys() & stored.keys())
    return len(differing) - changed, changed
