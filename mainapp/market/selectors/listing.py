"""The picker's lists: markets, filters and pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, QuerySet

from mainapp.core.pages import page_of
from mainapp.market.models import IndexList, Stock
from mainapp.market.selectors.boards import FIELDS, ListedStock, is_current_kind, listed
from mainapp.market.selectors.catalogue import has_identifier
from mainapp.market.selectors.indices import INDICES, ListInfo, in_index, list_info, lists_until

KIND_MARKETS: dict[str, tuple[Stock.Kind, ...]] = {
    "ACOES": (Stock.Kind.ON, Stock.Kind.PN, Stock.Kind.UNIT),
    "FII": (Stock.Kind.FII,),
    "ETF": (Stock.Kind.ETF,),
    "BDR": (Stock.Kind.BDR, Stock.Kind.BDR_ETF),
    "CRIPTO": (Stock.Kind.CRYPTO,),
    "ALL": (),
}
MARKETS = (*INDICES, *KIND_MARKETS)
PAGE_SIZE = 100
MAX_WORDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The picker's query: words folded like `Stock.search_text`, and exact kind and sector.

    `as_of` is the date of an earlier list of an index.
    """

    words: tuple[str, ...] = ()
    kind: str = ""
    sector: str = ""
    page: str = ""
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a market's stocks, the numbers of stocks, and the values of the filters.

    `kinds` and `sectors` map values to numbers of stocks; `sectors` are those of the chosen kind.
    `gone` counts the stocks of an index list that no longer trade. `index_list` is the list shown,
    and `other_lists` are the dates of the index's other lists; without an index both are empty.
    """

    rows: list[ListedStock]
    kinds: Mapping[str, int]
    sectors: Mapping[str, int]
    total: int
    matching: int
    gone: int
    page: int
    pages: int
    index_list: ListInfo | None
    other_lists: list[date]


def in_market(market: str) -> Q:
    """Return the condition that a stock is in a market of MARKETS today."""
    if market in INDICES:
        return in_index(market)
    kinds = KIND_MARKETS[market]
    return Q(kind__in=kinds) if kinds else Q()


def listing(*, market: str, filters: Filters = Filters(), on: date) -> Listing:
    """Return a page of a market of MARKETS, the commonest stocks first. Two or three queries.

    A page out of range is replaced by the nearest one, and an unknown list by the one in force.
    """
    lists = list(lists_until(market, on)) if market in INDICES else []
    shown_list = next((row for row in lists if row.as_of == filters.as_of), None) or (
        lists[0] if lists else None
    )
    stocks = _stocks(market, shown_list)
    match = matching(filters.words) & Q(is_active=True)
    if filters.kind:
        match &= Q(kind=filters.kind)
    if filters.sector:
        match &= Q(sector=filters.sector)
    groups = list(
        stocks.order_by("sector")
        .values("kind", "sector", "is_active")
        .annotate(size=Count("pk"), matches=Count("pk", filter=match))
    )
    traded = [group for group in groups if group["is_active"]]
    of_kind = [group for group in traded if filters.kind in ("", group["kind"])]
    match_count = sum(group["matches"] for group in groups)
    shown = page_of(range(match_count), filters.page, size=PAGE_SIZE)
    return Listing(
        rows=_rows(stocks.filter(match), shown.number, is_index=shown_list is not None),
        kinds=_sizes(traded, "kind", order=Stock.Kind.values),
        sectors=_sizes(of_kind, "sector"),
        total=sum(group["size"] for group in traded),
        matching=match_count,
        gone=sum(group["size"] for group in groups) - sum(group["size"] for group in traded),
        page=shown.number,
        pages=shown.paginator.num_pages,
        index_list=list_info(shown_list, lists=lists, on=on) if shown_list else None,
        other_lists=[row.as_of for row in lists if row is not shown_list],
    )


def matching(words: Iterable[str]) -> Q:
    """Return the condition that all words occur in the search text of a stock or a former code.

    An ISIN or a CNPJ finds its stocks too.
    """
    words = list(words)[:MAX_WORDS]
    match = Q()
    for word in words:
        match &= Q(search_text__contains=word)
    if not match:
        return match
    former = Stock.objects.filter(match, renamed_to__isnull=False)
    return match | Q(pk__in=former.values("renamed_to")) | has_identifier(" ".join(words))


def _stocks(market: str, index_list: IndexList | None) -> QuerySet[Stock]:
    if index_list:
        return Stock.objects.filter(memberships__index_list=index_list)
    if market in INDICES:
        return Stock.objects.none()
    return Stock.objects.filter(in_market(market), is_active=True)


def _rows(stocks: QuerySet[Stock], page: int, *, is_index: bool) -> list[ListedStock]:
    last = FilteredRelation("last_quotes", condition=is_current_kind("last_quotes"))
    columns = [*FIELDS, "last__price", "last__previous_close"]
    order: list[Any] = ["rank", "symbol"]
    if is_index:
        columns.append("memberships__weight_pct")
        order.insert(0, F("memberships__weight_pct").desc(nulls_last=True))
    rows = stocks.annotate(last=last).order_by(*order).values_list(*columns)
    return [listed(*row) for row in rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]


def _sizes(
    groups: Iterable[Mapping[str, Any]], name: str, *, order: Iterable[str] | None = None
) -> dict[str, int]:
    """Sum the groups by a column, in `order` or else their own; an unknown value comes last."""
    sizes: dict[str, int] = dict.fromkeys(order or (), 0)
    for group in groups:
        sizes[group[name]] = sizes.get(group[name], 0) + group["size"]
    unknown = sizes.pop("", 0)
    known = {value: size for value, size in sizes.items() if size}
    return known | ({"": unknown} if unknown else {})
