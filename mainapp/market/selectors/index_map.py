"""The treemap of an index: its stocks by sector and weight, with the change of the day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, FilteredRelation, OuterRef

from mainapp.market.models import IndexList, Membership
from mainapp.market.selectors.boards import is_current_kind
from mainapp.market.selectors.quotes import bare_quote
from mainapp.market.symbols import INDEX


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRow:
    """A row of `parts/treemap.html`, of any page. `group` is a sector, or empty."""

    symbol: str
    name: str
    group: str
    weight: Decimal | int
    change_pct: Decimal | None
    weight_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexMap:
    """The stocks of a list, the heaviest first; `as_of` is the list's date, None without a list."""

    as_of: date | None
    rows: list[MapRow]


def index_map(market: str = INDEX, *, on: date) -> IndexMap:
    """Return the newest list of an index up to a day that has members with weights. One query.

    A later list without weights is skipped. Stocks that no longer trade are left out.
    """
    weighted = Membership.objects.filter(index_list=OuterRef("pk"), weight_pct__isnull=False)
    newest = IndexList.objects.filter(Exists(weighted), market=market, as_of__lte=on)
    rows = (
        Membership.objects.filter(
            index_list__in=newest.order_by("-as_of")[:1].values("pk"),
            weight_pct__gt=0,
            stock__is_active=True,
        )
        .annotate(
            last=FilteredRelation(
                "stock__last_quotes", condition=is_current_kind("stock__last_quotes")
            )
        )
        .order_by("-weight_pct", "stock__symbol")
        .values_list(
            *("index_list__as_of", "stock__symbol", "stock__name", "stock__sector", "weight_pct"),
            *("last__price", "last__previous_close"),
        )
    )
    lines = list(rows)
    return IndexMap(as_of=lines[0][0] if lines else None, rows=[_row(*line[1:]) for line in lines])


def _row(
    symbol: str,
    name: str,
    sector: str,
    weight: Decimal,
    price: Decimal | None,
    previous_close: Decimal | None,
) -> MapRow:
    quote = bare_quote(symbol, price, previous_close)
    return MapRow(
        symbol=symbol,
        name=name,
        group=sector,
        weight=weight,
        change_pct=quote.change_pct if quote else None,
    )
