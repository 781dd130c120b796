"""The catalogue as one value that a process keeps, and the search for a stock."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.db.models.functions import Length, Substr

from mainapp.market.models import Membership, Stock
from mainapp.market.symbols import canonical, fold

MAX_AGE_S = 30
MAX_TEXT_LENGTH = 60
MARKETS = ("IBOV", "FII", "ETF", "BDR", "ALL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The active stocks, by symbol; `markets` has a sorted tuple of symbols for each of MARKETS."""

    names: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    markets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    successors: Mapping[str, str] = field(default_factory=dict)

    def canonical(self, text: str) -> str | None:
        """Return the symbol that `text` asks for: `petr4f` is PETR4, `ELET3` AXIA3, else None."""
        symbol = canonical(text)
        if symbol in self.names:
            return symbol
        return self.successors.get(symbol) if symbol else None


class _Kept(NamedTuple):
    """A catalogue and the monotonic time at which it was asked for."""

    value: Catalogue
    asked_at: float

    @property
    def is_fresh(self) -> bool:
        return 0 <= monotonic() - self.asked_at < MAX_AGE_S


_loading = Lock()
_kept: _Kept | None = None


def catalogue() -> Catalogue:
    """Return the catalogue, at most 30 s old; two queries when it is older, none else.

    While one thread reloads it, the others go on with the one that they have.
    """
    kept = _kept
    if kept and kept.is_fresh:
        return kept.value
    if not _loading.acquire(blocking=kept is None):
        assert kept
        return kept.value
    try:
        return _reloaded()
    finally:
        _loading.release()


def forget_catalogue() -> None:
    """Make the next `catalogue()` of this process read the database."""
    global _kept
    _kept = None


def _reloaded() -> Catalogue:
    """Return what another thread loaded meanwhile, else load; the lock is held."""
    global _kept
    kept = _kept
    if kept is None or not kept.is_fresh:
        asked_at = monotonic()
        _kept = kept = _Kept(load_catalogue(), asked_at)
    return kept.value


def load_catalogue() -> Catalogue:
    """Read the catalogue: two queries, whatever its size."""
    columns = ("pk", "symbol", "name", "kind", "is_active", "renamed_to__symbol")
    rows = list(Stock.objects.order_by("symbol").values_list(*columns))
    names = {symbol: name for _, symbol, name, _, active, _ in rows if active}
    renamed = {symbol: new for _, symbol, _, _, _, new in rows if new}
    members = Membership.objects.filter(market="IBOV").values_list("stock__symbol", flat=True)
    markets = defaultdict(list, ALL=list(names), IBOV=sorted(names.keys() & set(members)))
    for _, symbol, _, kind, active, _ in rows:
        if active:
            markets[kind].append(symbol)
    return Catalogue(
        names=names,
        ids={symbol: pk for pk, symbol, _, _, active, _ in rows if active},
        markets={market: tuple(markets[market]) for market in MARKETS},
        successors={old: new for old in renamed if (new := successor(old, renamed)) in names},
    )


def search_stocks(text: str, limit: int = 10) -> list[Stock]:
    """Return active stocks that every word of `text` fits: a ticker's beginning, a part of a name.

    Case and accents do not matter, a former symbol or name finds what it became. Beside other
    words a kind is one too: `petrobras pn`. The exact ticker comes first, then tickers that begin
    so, then names that do; of the like, those of the index. One query, none for no text.
    """
    words = list(dict.fromkeys(fold(text[:MAX_TEXT_LENGTH]).split()))
    if not words:
        return []
    whole = " ".join(words)
    former = _with_name(Stock.objects.filter(renamed_to__isnull=False)).values("renamed_to")
    found = _with_name(Stock.objects.filter(is_active=True)).filter(
        _fits(words) | Q(pk__in=former.filter(_fits(words)))
    )
    ticker = _ticker(whole)
    rank = Case(
        When(symbol=ticker, then=0),
        When(pk__in=former.filter(symbol=ticker), then=1),
        When(symbol__startswith=ticker, then=2),
        When(Q(folded_name=whole) | Q(folded_name__startswith=f"{whole} "), then=3),
        When(folded_name__startswith=whole, then=4),
        default=5,
    )
    in_index = Exists(Membership.objects.filter(stock=OuterRef("pk"), market="IBOV"))
    return list(found.order_by(rank, in_index.desc(), "symbol")[:limit])


def _with_name(stocks: QuerySet[Stock]) -> QuerySet[Stock]:
    """Add `folded_name`: what follows the symbol and a space in the search text."""
    return stocks.alias(folded_name=Substr("search_text", Length("symbol") + 2))


def _fits(words: list[str]) -> Q:
    """Return the condition that each word begins the ticker, is in the name, or is the kind."""
    fits = Q()
    for word in words:
        kind = Q(kind=word.upper()) if len(words) > 1 else Q()
        fits &= Q(symbol__startswith=_ticker(word)) | Q(folded_name__contains=word) | kind
    return fits


def _ticker(word: str) -> str:
    """Return the word as the beginning of a ticker; a fractional one as the paper's own."""
    return canonical(word) or word.upper()


def successor(symbol: str, renamed: Mapping[str, str]) -> str:
    """Follow renames from a symbol to the last of them; a circle ends where it closes."""
    seen = {symbol}
    while (symbol := renamed.get(symbol, symbol)) not in seen:
        seen.add(symbol)
    return symbol
