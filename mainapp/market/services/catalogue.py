"""Seeding of the catalogue from the project's data, and its refresh from a source's list."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from mainapp.market.models import Membership, Stock
from mainapp.market.providers.base import Listing
from mainapp.market.selectors.catalogue import clear_catalogue_cache, successor
from mainapp.market.symbols import INDEX, Ticker, fold, parse

MAX_NAME_LENGTH, MAX_SECTOR_LENGTH, MAX_SEARCH_LENGTH = 120, 80, 160  # the columns' sizes
ROUND_LOT_KINDS = frozenset({Stock.Kind.ON, Stock.Kind.PN, Stock.Kind.UNIT})
ROUND_LOT, SINGLE_LOT = 100, 1
ETF_WORDS = re.compile(r"\b(etf|indice|index|ishares|it now|trend)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A stock in the data files; `markets` maps each market to the date of the membership."""

    symbol: str
    name: str
    kind: str
    sector: str = ""
    markets: Mapping[str, date] = field(default_factory=dict)
    renamed_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """Numbers of rows that a seeding wrote."""

    added: int = 0
    updated: int = 0
    renamed: int = 0
    memberships: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.renamed or self.memberships)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """Results of a refresh. `is_short` means that the list was too short to retire anything."""

    added: int
    revived: int
    retired: int
    skipped: int
    is_short: bool


def read_entries(folder: Path) -> list[CatalogueEntry]:
    """Read the newest index portfolio and the other stocks from a folder's data files."""
    newest = max(folder.glob("ibov_*.json"))
    portfolio = json.loads(newest.read_text(encoding="utf-8"))
    others = json.loads((folder / "others.json").read_text(encoding="utf-8"))
    valid_from = date.fromisoformat(portfolio["portfolio_valid_from"])
    members = [
        CatalogueEntry(
            symbol=row["ticker"],
            name=row["company"],
            kind=_share_kind(row["ticker"]),
            sector=row["sector"],
            markets={portfolio["index"]: valid_from},
        )
        for row in portfolio["components"]
    ]
    as_of = date.fromisoformat(others["as_of"])
    selected = [
        CatalogueEntry(
            symbol=row["ticker"],
            name=row["company"],
            kind=row["kind"],
            sector=row["sector"],
            markets=dict.fromkeys(row.get("markets", ()), as_of),
        )
        for row in others["papers"]
    ]
    former = [
        CatalogueEntry(
            symbol=row["ticker"],
            name=row["company"],
            kind=_share_kind(row["ticker"]),
            renamed_to=row["to"],
        )
        for row in others["renamed"]
    ]
    return members + selected + former


@transaction.atomic
def seed_catalogue(*, entries: Iterable[CatalogueEntry]) -> Seeded:
    """Update the catalogue from entries: descriptions, renames, memberships.

    Retired stocks stay retired; stocks not in `entries` and newer memberships stay unchanged. Safe
    to repeat: the second time it writes nothing.
    """
    entries = list(entries)
    stocks = {stock.symbol: stock for stock in Stock.objects.all()}
    current = {entry.symbol: _description(entry) for entry in entries if not entry.renamed_to}
    added, updated = _write(current, stocks)
    former = {
        entry.symbol: _description(entry)
        | {"is_active": False, "renamed_to_id": stocks[entry.renamed_to].pk}
        for entry in entries
        if entry.renamed_to
    }
    renamed = sum(_write(former, stocks))
    memberships = _write_memberships(entries, stocks)
    transaction.on_commit(clear_catalogue_cache)
    return Seeded(added=added, updated=updated, renamed=renamed, memberships=memberships)


@transaction.atomic
def refresh_catalogue(*, listings: Iterable[Listing]) -> Refreshed:
    """Add, revive and retire stocks so that the active ones match a source's list.

    Nothing is deleted, and the index always stays. A former symbol counts as the current one.
    Entries that are not tickers, or of an unsupported kind, are skipped and counted. A list with
    fewer than half of the active stocks counts as faulty and retires nothing.
    """
    stocks = {stock.symbol: stock for stock in Stock.objects.select_related("renamed_to")}
    listed, skipped = _match_listings(list(listings), stocks)
    active = {symbol for symbol, stock in stocks.items() if stock.is_active} - {INDEX}
    listed_symbols = listed.keys() - {INDEX}
    is_short = not listed_symbols or 2 * len(listed_symbols) < len(active)
    new = [stock for stock in listed.values() if stock.pk is None]
    back = [stock.pk for stock in listed.values() if stock.pk and not stock.is_active]
    gone = [] if is_short else [stocks[symbol].pk for symbol in active - listed_symbols]
    Stock.objects.bulk_create(new)
    for pks, is_active in ((back, True), (gone, False)):
        if pks:
            Stock.objects.filter(pk__in=pks).update(is_active=is_active)
    transaction.on_commit(clear_catalogue_cache)
    return Refreshed(
        added=len(new),
        revived=len(back),
        retired=len(gone),
        skipped=skipped,
        is_short=is_short,
    )


def search_text(symbol: str, name: str) -> str:
    """Return a stock's search text: symbol, space and name, folded."""
    return fold(f"{symbol} {name}")[:MAX_SEARCH_LENGTH]


def _share_kind(symbol: str) -> str:
    """Return the kind of a company's share by its suffix; 11 means a unit."""
    ticker = parse(symbol)
    if ticker is None or not ticker.kinds:
        raise ValueError(f"{symbol} is not the ticker of a share")
    return ticker.kinds[0]


def _description(entry: CatalogueEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "search_text": search_text(entry.symbol, entry.name),
        "kind": entry.kind,
        "sector": entry.sector,
        "lot": ROUND_LOT if entry.kind in ROUND_LOT_KINDS else SINGLE_LOT,
    }


def _write(wanted: Mapping[str, dict[str, Any]], stocks: dict[str, Stock]) -> tuple[int, int]:
    """Create or update the rows that differ from `wanted`; return both counts."""
    new, changed, fields = [], [], set[str]()
    for symbol, values in wanted.items():
        stock = stocks.get(symbol)
        if stock is None:
            new.append(Stock(symbol=symbol, **values))
            continue
        differing = {name for name, value in values.items() if getattr(stock, name) != value}
        if differing:
            for name in differing:
                setattr(stock, name, values[name])
            fields |= differing
            changed.append(stock)
    stocks |= {stock.symbol: stock for stock in Stock.objects.bulk_create(new)}
    if changed:
        Stock.objects.bulk_update(changed, sorted(fields))
    return len(new), len(changed)


def _write_memberships(entries: Iterable[CatalogueEntry], stocks: Mapping[str, Stock]) -> int:
    """Write memberships, and delete those that a newer list no longer contains."""
    wanted = {
        (stocks[entry.symbol].pk, market): as_of
        for entry in entries
        for market, as_of in entry.markets.items()
    }
    dates: dict[str, date] = {}
    for (_, market), as_of in wanted.items():
        dates[market] = max(as_of, dates.get(market, as_of))
    existing = {
        (member.stock_id, member.market): member
        for member in Membership.objects.filter(market__in=dates)
    }
    new = [
        Membership(stock_id=pk, market=market, as_of=as_of)
        for (pk, market), as_of in wanted.items()
        if (pk, market) not in existing or existing[pk, market].as_of < as_of
    ]
    gone = [
        member.pk
        for key, member in existing.items()
        if key not in wanted and member.as_of < dates[member.market]
    ]
    Membership.objects.bulk_create(
        new, update_conflicts=True, unique_fields=["stock", "market"], update_fields=["as_of"]
    )
    if gone:
        Membership.objects.filter(pk__in=gone).delete()
    return len(new) + len(gone)


def _match_listings(
    listings: list[Listing], stocks: Mapping[str, Stock]
) -> tuple[dict[str, Stock], int]:
    """Return the stocks, old and new, of a source's listings, and the number of skipped ones."""
    renamed = {old: stock.renamed_to.symbol for old, stock in stocks.items() if stock.renamed_to}
    tickers = [(parse(listing.symbol), listing) for listing in listings]
    named = [(ticker, listing) for ticker, listing in tickers if ticker]
    roots = {ticker.root for ticker, _ in named if ticker.kinds in (("ON",), ("PN",))}
    listed: dict[str, Stock] = {}
    skipped = len(tickers) - len(named)
    for ticker, listing in sorted(named, key=lambda pair: pair[0].is_fractional):
        symbol = successor(ticker.symbol, renamed)
        if symbol in listed:
            continue
        if symbol in stocks:
            listed[symbol] = stocks[symbol]
        elif kind := _listed_kind(ticker, listing, has_shares=ticker.root in roots):
            listed[symbol] = _new_stock(symbol, kind, listing)
        else:
            skipped += 1
    return listed, skipped


def _listed_kind(ticker: Ticker, listing: Listing, *, has_shares: bool) -> str | None:
    """Return a listed stock's kind from the source, from the suffix, or guessed from the name."""
    source_kind = listing.kind.upper()
    if source_kind in (ticker.kinds or Stock.Kind.values):
        return source_kind
    if ticker.suffix != "11":
        return ticker.kinds[0] if ticker.kinds else None
    if has_shares:
        return Stock.Kind.UNIT
    return Stock.Kind.ETF if ETF_WORDS.search(fold(listing.name)) else Stock.Kind.FII


def _new_stock(symbol: str, kind: str, listing: Listing) -> Stock:
    name = _clean(listing.name)[:MAX_NAME_LENGTH] or symbol
    entry = CatalogueEntry(
        symbol=symbol, name=name, kind=kind, sector=_clean(listing.sector)[:MAX_SECTOR_LENGTH]
    )
    return Stock(symbol=symbol, **_description(entry))


def _clean(text: str) -> str:
    """Return `text` as one line of printable characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
