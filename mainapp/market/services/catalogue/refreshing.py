"""Completion of the catalogue from a source's list of stocks."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from mainapp.core.names import printable_line
from mainapp.market.models import Stock
from mainapp.market.providers.base import Listing
from mainapp.market.selectors.catalogue import clear_catalogue_cache, successor
from mainapp.market.services.catalogue.rows import write_rows
from mainapp.market.services.catalogue.seeding import described
from mainapp.market.symbols import INDEX, Ticker, fold, is_pair, parse

MAX_NAME_LENGTH, MAX_SECTOR_LENGTH = 120, 80  # the columns' sizes
# A source lists at most 2,000 stocks in a call, fewer than there are: one list proves nothing.
UNSEEN_FOR = timedelta(days=90)
_RETIRED = {"is_active": False, "is_end_sure": False}
KIND_WORDS = (
    (Stock.Kind.ETF, re.compile(r"\b(etf|indice|index|ishares|it now|trend)\b")),
    (Stock.Kind.FIAGRO, re.compile(r"\bfiagro\b")),
    (Stock.Kind.FI_INFRA, re.compile(r"\b(fi-infra|fi infra|fic-infra)\b")),
)
ETF_BDR_SUFFIX = "39"  # all 217 papers of the data that end in 39 are BDRs of ETFs


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """Results of a refresh. `is_short` means that the list was too short to retire anything."""

    added: int
    completed: int
    revived: int
    retired: int
    skipped: int
    is_short: bool


@transaction.atomic
def refresh_catalogue(*, listings: Iterable[Listing], on: date) -> Refreshed:
    """Add and revive the stocks of a source's list, and fill in unknown names and sectors.

    A stock is retired when no list had it for 90 days; nothing is deleted, and the index always
    stays. A former symbol counts as the current one. Entries that are not tickers, or of an
    unsupported kind, are skipped and counted. A list with fewer than half of the active stocks
    counts as faulty and retires nothing. Admins' corrections stay.
    """
    stocks = {stock.symbol: stock for stock in Stock.objects.select_related("renamed_to")}
    listed, skipped = _match_listings(list(listings), stocks)
    active = {symbol for symbol, stock in stocks.items() if stock.is_active} - {INDEX}
    active = {symbol for symbol in active if not is_pair(symbol)}  # no source lists them
    is_short = not listed or 2 * len(listed.keys() - {INDEX}) < len(active)
    unlisted = [] if is_short else [stocks[symbol] for symbol in active - listed.keys()]
    gone = {stock.symbol: _RETIRED for stock in unlisted if _is_gone(stock, on)}
    new = {symbol: _new(symbol, listed[symbol], on) for symbol in listed.keys() - stocks.keys()}
    seen = {
        symbol: _completed(stocks[symbol], listed[symbol][1], on)
        for symbol in listed.keys() & stocks.keys()
    }
    added, _ = write_rows(Stock, stocks, seen | new | gone)
    transaction.on_commit(clear_catalogue_cache)
    return Refreshed(
        added=added,
        completed=sum(not values.keys().isdisjoint({"name", "sector"}) for values in seen.values()),
        revived=sum("is_active" in values for values in seen.values()),
        retired=len(gone),
        skipped=skipped,
        is_short=is_short,
    )


def _is_gone(stock: Stock, on: date) -> bool:
    is_unseen = stock.last_seen_on is None or stock.last_seen_on < on - UNSEEN_FOR
    return is_unseen and "is_active" not in stock.corrected_fields


def _match_listings(
    listings: list[Listing], stocks: Mapping[str, Stock]
) -> tuple[dict[str, tuple[str, Listing]], int]:
    """Return the kind and listing of each stock in a list, and the number of skipped entries.

    Codes that surely ended are skipped too: sources list them for years.
    """
    renamed = {old: stock.renamed_to.symbol for old, stock in stocks.items() if stock.renamed_to}
    tickers = [(parse(listing.symbol), listing) for listing in listings]
    named = [(ticker, listing) for ticker, listing in tickers if ticker]
    roots = {ticker.root for ticker, _ in named if ticker.kinds in (("ON",), ("PN",))}
    listed: dict[str, tuple[str, Listing]] = {}
    skipped = len(tickers) - len(named)
    for ticker, listing in sorted(named, key=lambda pair: pair[0].is_fractional):
        symbol = successor(ticker.symbol, renamed)
        if symbol in listed:
            continue
        if stock := stocks.get(symbol):
            kind = stock.kind if stock.is_active or not stock.is_end_sure else None
        else:
            kind = _listed_kind(ticker, listing, has_shares=ticker.root in roots)
        if kind is None:
            skipped += 1
        else:
            listed[symbol] = kind, listing
    return listed, skipped


def _listed_kind(ticker: Ticker, listing: Listing, *, has_shares: bool) -> str | None:
    """Return a listed stock's kind from the source, from the suffix, or guessed from the name."""
    if ticker.suffix == ETF_BDR_SUFFIX:
        return Stock.Kind.BDR_ETF
    source_kind = listing.kind.upper()
    if source_kind in (ticker.kinds or Stock.Kind.values):
        return source_kind
    if ticker.suffix != "11":
        return ticker.kinds[0] if ticker.kinds else None
    if has_shares:
        return Stock.Kind.UNIT
    name = fold(listing.name)
    return next((kind for kind, words in KIND_WORDS if words.search(name)), Stock.Kind.FII)


def _new(symbol: str, listed: tuple[str, Listing], on: date) -> dict[str, Any]:
    kind, listing = listed
    return {
        "symbol": symbol,
        "sector": _sector(listing),
        "last_seen_on": on,
        **described(symbol=symbol, name=_name(listing) or symbol, kind=kind),
    }


def _completed(stock: Stock, listing: Listing, on: date) -> dict[str, Any]:
    """Return the values that a listing adds to a stock: the day, and a missing name or sector."""
    values: dict[str, Any] = {"last_seen_on": on}
    if not stock.is_active:
        values["is_active"] = True
    is_open = not stock.is_name_known and "name" not in stock.corrected_fields
    if is_open and (name := _name(listing)) not in ("", stock.symbol):
        values |= described(symbol=stock.symbol, name=name, kind=stock.kind)
    if not stock.sector and (sector := _sector(listing)):
        values["sector"] = sector
    return {name: value for name, value in values.items() if name not in stock.corrected_fields}


def _name(listing: Listing) -> str:
    return printable_line(listing.name)[:MAX_NAME_LENGTH]


def _sector(listing: Listing) -> str:
    return printable_line(listing.sector)[:MAX_SECTOR_LENGTH]
