"""The catalogue, cached per process, and the search for stocks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Length, Substr

from mainapp.market.models import LastQuote, Membership, Stock
from mainapp.market.selectors.indices import lists_in_force
from mainapp.market.symbols import INDEX, canonical, fold

MAX_AGE_S = 30
MAX_TEXT_LENGTH = 60
ISIN_LENGTH = 12
CNPJ_LENGTH = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The active stocks by symbol, and those of the IBOV, sorted.

    `successors` maps former symbols to active ones.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    ibov: tuple[str, ...] = ()
    successors: Mapping[str, str] = field(default_factory=dict)

    def canonical(self, text: str) -> str | None:
        """Return the active symbol of a typed ticker (`petr4f`: PETR4; `ELET3`: AXIA3), or None."""
        symbol = canonical(text)
        if symbol in self.names:
            return symbol
        return self.successors.get(symbol) if symbol else None


class _Cached(NamedTuple):
    """A catalogue and the monotonic time at which its load started."""

    value: Catalogue
    loaded_at: float

    @property
    def is_fresh(self) -> bool:
        return 0 <= monotonic() - self.loaded_at < MAX_AGE_S


_loading = Lock()
_cached: _Cached | None = None


def catalogue() -> Catalogue:
    """Return the catalogue, cached for 30 s. Two queries if it has expired, otherwise none.

    While one thread reloads it, the others use the old one.
    """
    cached = _cached
    if cached and cached.is_fresh:
        return cached.value
    if not _loading.acquire(blocking=cached is None):
        assert cached
        return cached.value
    try:
        return _reloaded()
    finally:
        _loading.release()


def clear_catalogue_cache() -> None:
    """Make the next `catalogue()` in this process read the database."""
    global _cached
    _cached = None


def _reloaded() -> Catalogue:
    """Load the catalogue unless another thread just did. The caller has the lock."""
    global _cached
    cached = _cached
    if cached is None or not cached.is_fresh:
        loaded_at = monotonic()
        _cached = cached = _Cached(load_catalogue(), loaded_at)
    return cached.value


def load_catalogue() -> Catalogue:
    """Read the catalogue from the database. Two queries."""
    columns = ("pk", "symbol", "name", "is_active", "renamed_to__symbol")
    rows = list(Stock.objects.order_by("symbol").values_list(*columns))
    names = {symbol: name for _, symbol, name, active, _ in rows if active}
    renamed = {symbol: new for _, symbol, _, _, new in rows if new}
    members = Membership.objects.filter(index_list__in=lists_in_force(INDEX).values("pk"))
    ibov = names.keys() & set(members.values_list("stock__symbol", flat=True))
    return Catalogue(
        names=names,
        ids={symbol: pk for pk, symbol, _, active, _ in rows if active},
        ibov=tuple(sorted(ibov)),
        successors={old: new for old in renamed if (new := successor(old, renamed)) in names},
    )


def search_stocks(text: str, limit: int = 10) -> list[Stock]:
    """Return active stocks that match every word: the start of a ticker, or a part of a name.

    Case and accents are ignored; a former symbol or name finds its successor, and an ISIN or a CNPJ
    its stocks. One of several words may be a kind: `petrobras pn`. Order: the exact ticker, tickers
    that start with the text, names that do, other matches; within each, the commonest come first.
    Each stock has its `last_price`, None without a quote. One query, none for an empty text.
    """
    words = list(dict.fromkeys(fold(text[:MAX_TEXT_LENGTH]).split()))
    if not words:
        return []
    whole = " ".join(words)
    former = _with_name(Stock.objects.filter(renamed_to__isnull=False)).values("renamed_to")
    matches = _with_name(Stock.objects.filter(is_active=True)).filter(
        _matches(words) | Q(pk__in=former.filter(_matches(words))) | has_identifier(whole)
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
    quotes = LastQuote.objects.filter(stock=OuterRef("pk"), kind=settings.QUOTE_KIND)
    matches = matches.annotate(last_price=Subquery(quotes.values("price")))
    return list(matches.order_by(rank, "rank", "symbol")[:limit])


def _with_name(stocks: QuerySet[Stock]) -> QuerySet[Stock]:
    """Add `folded_name`: the search text without the symbol and the space after it."""
    return stocks.alias(folded_name=Substr("search_text", Length("symbol") + 2))


def _matches(words: list[str]) -> Q:
    """Return the condition that each word starts the ticker, is in the name, or is the kind."""
    condition = Q()
    for word in words:
        kind = Q(kind=word.upper()) if len(words) > 1 else Q()
        condition &= Q(symbol__startswith=_ticker(word)) | Q(folded_name__contains=word) | kind
    return condition


def has_identifier(text: str) -> Q:
    """Return the condition that the text is the stock's ISIN or its issuer's CNPJ.

    It is empty for other texts. A CNPJ, such as 33.000.167/0001-01, may lack its punctuation.
    """
    if len(text) == ISIN_LENGTH:
        return Q(isin=text.upper())
    bare = re.sub(r"[./-]", "", text).upper()
    if len(bare) != CNPJ_LENGTH or not bare.isalnum():
        return Q()
    return Q(cnpj=f"{bare[:2]}.{bare[2:5]}.{bare[5:8]}/{bare[8:12]}-{bare[12:]}")


def _ticker(word: str) -> str:
    """Return a word as the start of a ticker, without the F of the fractional market."""
    return canonical(word) or word.upper()


def successor(symbol: str, renamed: Mapping[str, str]) -> str:
    """Follow renames from a symbol to the last one; a cycle ends at its first repeated symbol."""
    seen = {symbol}
    while (symbol := renamed.get(symbol, symbol)) not in seen:
        seen.add(symbol)
    return symbol
