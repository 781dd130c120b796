"""Reading of the project's data files: stocks, index lists and corporate events."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from mainapp.market.models import Stock, Strength
from mainapp.market.services.catalogue.ranking import rank_symbols
from mainapp.market.symbols import is_pair, parse

FILES = ("b3_papers.json", "others.json", "indices.json", "events.json")
KINDS = {
    "unit": Stock.Kind.UNIT,
    "fii": Stock.Kind.FII,
    "etf": Stock.Kind.ETF,
    "bdr": Stock.Kind.BDR,
    "bdr-etf": Stock.Kind.BDR_ETF,
    "fi-infra": Stock.Kind.FI_INFRA,
    "fiagro": Stock.Kind.FIAGRO,
    "fip": Stock.Kind.FUND,
    "fidc": Stock.Kind.FUND,
    "fund": Stock.Kind.FUND,
    "right": Stock.Kind.RIGHT,
    "warrant": Stock.Kind.RIGHT,
    "index": Stock.Kind.INDEX,
    "crypto": Stock.Kind.CRYPTO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StockEntry:
    """A stock of the data files. Empty fields are not known."""

    symbol: str
    name: str = ""
    kind: str = ""
    sector: str = ""
    isin: str = ""
    cnpj: str = ""
    underlying: str = ""
    country: str = ""
    last_seen_on: date | None = None
    renamed_to: str = ""
    is_active: bool = True
    is_end_sure: bool = True
    rank: int | None = None
    market: str = ""
    price_places: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """An index list; `weights` maps each symbol to its percent, or to None if not known."""

    market: str
    as_of: date
    weights: Mapping[str, Decimal | None]
    valid_from: date | None = None
    valid_to: date | None = None
    strength: str = Strength.SINGLE
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEntry:
    """A corporate event; the fields are those of the model."""

    key: str
    symbol: str
    kind: str
    successor: str = ""
    ex_on: date | None = None
    is_date_sure: bool = True
    month: str = ""
    ratio: Decimal | None = None
    is_ratio_sure: bool = True
    status: str = "happened"
    strength: str = Strength.SINGLE
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueData:
    """Everything in the data files."""

    stocks: Sequence[StockEntry] = ()
    lists: Sequence[ListEntry] = ()
    events: Sequence[EventEntry] = field(default_factory=tuple)


def digest_of(folder: Path) -> str:
    """Return a digest of the data files and of the code that loads them. Takes about 1 ms."""
    code = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256()
    for path in [folder / name for name in FILES] + code:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_data(folder: Path) -> CatalogueData:
    """Read the data files of a folder."""
    papers, others, indices, events = (
        json.loads((folder / name).read_text(encoding="utf-8")) for name in FILES
    )
    lists = [_list_entry(row) for row in indices["indices"]]
    ranks = rank_symbols(
        [row["symbol"] for row in papers["papers"] + others["papers"]],
        weights={_list_key(entry): entry.weights for entry in lists},
        well_known=others["well_known"],
        kinds={row["symbol"]: row["kind"] for row in papers["papers"] + others["papers"]},
    )
    names = others["names"]
    current = [_paper(row, names, ranks) for row in papers["papers"] + others["papers"]]
    kinds = {entry.symbol: entry.kind for entry in current}
    gone = [_gone(row, names, kinds) for row in papers["gone"] + others["gone"]]
    return CatalogueData(
        stocks=current + gone,
        lists=_last_of_each_day(lists),
        events=[entry for row in events["events"] for entry in _event_entries(row)],
    )


def _list_key(entry: ListEntry) -> tuple[str, date]:
    return entry.market, entry.as_of


def _paper(row: dict[str, Any], names: Mapping[str, str], ranks: Mapping[str, int]) -> StockEntry:
    symbol = row["symbol"]
    name = row["name"] if row.get("name_known", True) else ""
    return StockEntry(
        symbol=symbol,
        name=names.get(symbol, name),
        kind=KINDS.get(row["kind"]) or _share_kind(symbol),
        sector=row["sector"] or "",
        isin=row["isin"] or "",
        cnpj=row["cnpj"] or "",
        underlying=row["underlying"] or "",
        country=row.get("country", ""),
        last_seen_on=_day(row["last_seen"]),
        rank=ranks[symbol],
        market=Stock.Market.CRIPTO if is_pair(symbol) else "",
        price_places=row.get("price_places"),
    )


def _gone(row: dict[str, Any], names: Mapping[str, str], kinds: Mapping[str, str]) -> StockEntry:
    symbol, became = row["symbol"], row["became"] or ""
    return StockEntry(
        symbol=symbol,
        name=names.get(symbol, ""),
        kind=_share_kind(symbol) or (kinds.get(became, "") if symbol.endswith("11") else ""),
        last_seen_on=_day(row["last_seen"]),
        renamed_to=became,
        is_active=False,
        is_end_sure=row["sure"],
    )


def _share_kind(symbol: str) -> str:
    """Return the kind of a share or BDR by its suffix, or "" if that does not determine it."""
    ticker = parse(symbol)
    return ticker.kinds[0] if ticker and len(ticker.kinds) == 1 else ""


def _list_entry(row: dict[str, Any]) -> ListEntry:
    """Return an index list. Its date is that of its weights, else its first day of validity."""
    as_of = row["as_of"] if row.get("snapshot") else row["valid_from"] or row["as_of"]
    return ListEntry(
        market=row["code"],
        as_of=date.fromisoformat(as_of),
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
        strength=row["strength"],
        source=row["source"],
        note=row.get("note", ""),
        weights={
            paper["symbol"]: None
            if paper["weight_pct"] is None
            else Decimal(str(paper["weight_pct"]))
            for paper in row["papers"]
        },
    )


def _event_entries(row: dict[str, Any]) -> Iterator[EventEntry]:
    """Yield an entry for each new code of an event: two if a unit was split into its shares."""
    codes = row["to"] if isinstance(row["to"], list) else [row["to"] or ""]
    day = row["date"] or row.get("month", "")
    event = EventEntry(
        key="",
        symbol=row["from"],
        kind=row["kind"],
        ex_on=_day(row["date"]),
        is_date_sure=row["date_sure"],
        month=row.get("month", ""),
        ratio=None if row["ratio"] is None else Decimal(row["ratio"]),
        is_ratio_sure=row.get("ratio_sure", row["ratio"] is not None),
        status=row.get("status", "happened"),
        strength=row["strength"],
        source=row["source"],
        note=row.get("note", ""),
    )
    for code in codes:
        successor = "" if code == row["from"] else code
        key = f"{event.kind}:{event.symbol}:{code}:{day}"
        yield replace(event, key=key, successor=successor)


def _last_of_each_day(lists: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the last of the lists of each index and day."""
    return list({_list_key(entry): entry for entry in lists}.values())


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
