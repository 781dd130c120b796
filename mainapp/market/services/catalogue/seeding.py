"""Loading of the catalogue from the project's data, except for admins' corrections."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from mainapp.market.models import CorporateEvent, IndexList, LoadedData, Membership, Stock
from mainapp.market.selectors.catalogue import clear_catalogue_cache, successor
from mainapp.market.services.catalogue.entries import (
    CatalogueData,
    EventEntry,
    ListEntry,
    StockEntry,
    digest_of,
    read_data,
)
from mainapp.market.services.catalogue.rows import write_rows
from mainapp.market.symbols import fold

MAX_SEARCH_LENGTH = 160  # the column's size
ROUND_LOT_KINDS = frozenset({Stock.Kind.ON, Stock.Kind.PN, Stock.Kind.UNIT})
ROUND_LOT, SINGLE_LOT = 100, 1
KNOWN_FIELDS = (
    *("sector", "isin", "cnpj", "underlying", "country", "last_seen_on", "rank"),
    *("market", "price_places"),
)
LIST_FIELDS = ("market", "as_of", "valid_from", "valid_to", "strength", "source", "note")
EVENT_FIELDS = (
    *("key", "kind", "ex_on", "is_date_sure", "month", "ratio", "is_ratio_sure"),
    *("status", "strength", "source", "note"),
)
Weights = Mapping[int, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """Numbers of rows that a seeding wrote."""

    added: int = 0
    updated: int = 0
    lists: int = 0
    events: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.lists or self.events)


def load_data(folder: Path) -> Seeded:
    """Load a folder's data files, unless these are the ones that were loaded last.

    Cost: one query for unchanged data, otherwise about 15.
    """
    digest = digest_of(folder)
    if LoadedData.objects.filter(digest=digest).exists():
        return Seeded()
    data = read_data(folder)
    with transaction.atomic():
        seeded = seed_catalogue(data=data)
        LoadedData.objects.all().delete()
        LoadedData.objects.create(digest=digest)
    return seeded


@transaction.atomic
def seed_catalogue(*, data: CatalogueData) -> Seeded:
    """Write stocks, index lists and events. Safe to repeat: the second time it writes nothing.

    Unknown values never replace known ones; fields and rows that an admin corrected stay. Stocks
    and lists that are not in the data stay too; events that were in earlier data only are deleted.
    """
    stocks = {stock.symbol: stock for stock in Stock.objects.all()}
    added, updated = _write_stocks(data.stocks, stocks)
    ids = {symbol: stock.pk for symbol, stock in stocks.items()}
    seeded = Seeded(
        added=added,
        updated=updated,
        lists=_write_lists(data.lists, ids),
        events=_write_events(data.events, ids),
    )
    transaction.on_commit(clear_catalogue_cache)
    return seeded


def search_text(symbol: str, name: str) -> str:
    """Return a stock's search text: symbol, space and name, folded."""
    return fold(f"{symbol} {name}")[:MAX_SEARCH_LENGTH]


def described(*, symbol: str, name: str, kind: str) -> dict[str, Any]:
    """Return a stock's name and kind, and the fields that follow from them."""
    return {
        "name": name,
        "kind": kind,
        "search_text": search_text(symbol, name),
        "lot": ROUND_LOT if kind in ROUND_LOT_KINDS else SINGLE_LOT,
    }


def _write_stocks(entries: Sequence[StockEntry], stocks: dict[str, Stock]) -> tuple[int, int]:
    """Create or update the stocks, then point former codes to the last of their successors."""
    wanted = {entry.symbol: _wanted(entry, stocks.get(entry.symbol)) for entry in entries}
    added, updated = write_rows(Stock, stocks, wanted)
    became = {entry.symbol: entry.renamed_to for entry in entries if entry.renamed_to}
    successors = {
        symbol: {"renamed_to_id": stocks[successor(symbol, became)].pk}
        for symbol in became
        if "renamed_to" not in stocks[symbol].corrected_fields
    }
    renamed = write_rows(Stock, stocks, successors)[1]
    return added, updated + (0 if added else renamed)


def _wanted(entry: StockEntry, stock: Stock | None) -> dict[str, Any]:
    """Return the known values of a stock that no admin has corrected."""
    stock = stock or Stock(symbol=entry.symbol, name=entry.symbol)
    corrected = set(stock.corrected_fields)
    values: dict[str, Any] = {
        name: value for name in KNOWN_FIELDS if (value := getattr(entry, name)) not in ("", None)
    }
    if not entry.is_active:
        values |= {"is_active": False, "is_end_sure": entry.is_end_sure}
    values |= described(
        symbol=entry.symbol,
        name=stock.name if "name" in corrected else entry.name or stock.name,
        kind=stock.kind if "kind" in corrected else entry.kind or stock.kind,
    )
    open_values = {name: value for name, value in values.items() if name not in corrected}
    return {"symbol": entry.symbol} | open_values


def _write_lists(entries: Iterable[ListEntry], ids: Mapping[str, int]) -> int:
    """Write the lists that differ, with their stocks, and return their number."""
    lists = {(row.market, row.as_of): row for row in IndexList.objects.all()}
    members: dict[int, dict[int, Decimal | None]] = defaultdict(dict)
    for list_id, stock_id, weight in Membership.objects.values_list(
        "index_list", "stock", "weight_pct"
    ):
        members[list_id][stock_id] = weight
    wanted = {
        (entry.market, entry.as_of): entry
        for entry in entries
        if (entry.market, entry.as_of) not in lists
        or not lists[entry.market, entry.as_of].is_corrected
    }
    write_rows(
        IndexList,
        lists,
        {
            key: {name: getattr(entry, name) for name in LIST_FIELDS}
            for key, entry in wanted.items()
        },
    )
    differing = {
        lists[key].pk: weights
        for key, entry in wanted.items()
        if (weights := {ids[symbol]: weight for symbol, weight in entry.weights.items()})
        != members[lists[key].pk]
    }
    _replace_members(differing)
    return len(differing)


def _replace_members(lists: Mapping[int, Weights]) -> None:
    if not lists:
        return
    Membership.objects.filter(index_list__in=lists).delete()
    Membership.objects.bulk_create(
        Membership(index_list_id=list_id, stock_id=stock_id, weight_pct=weight)
        for list_id, weights in lists.items()
        for stock_id, weight in weights.items()
    )


def _write_events(entries: Iterable[EventEntry], ids: Mapping[str, int]) -> int:
    """Make the data's events equal to the entries; return the number of rows written."""
    known = {event.key: event for event in CorporateEvent.objects.exclude(key="")}
    wanted = {
        entry.key: {name: getattr(entry, name) for name in EVENT_FIELDS}
        | {
            "stock_id": ids[entry.symbol],
            "successor_id": ids[entry.successor] if entry.successor else None,
        }
        for entry in entries
    }
    former = [
        event.pk for key, event in known.items() if key not in wanted and not event.is_corrected
    ]
    if former:
        CorporateEvent.objects.filter(pk__in=former).delete()
    open_rows = {
        key: row for key, row in wanted.items() if key not in known or not known[key].is_corrected
    }
    added, changed = write_rows(CorporateEvent, known, open_rows)
    return added + changed + len(former)
