"""The live portfolio: rows compared with their ideal, totals, and the next contribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from mainapp.accounts.policies import MemberRequest
from mainapp.market.models import Stock
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.index_map import MapRow
from mainapp.market.templatetags.sectors import sector_name
from mainapp.portfolio.allocation import Slice, slices
from mainapp.portfolio.forms.table import CARTEIRA_TABLE
from mainapp.portfolio.selectors.day import day_chart
from mainapp.portfolio.selectors.page import Line, Portfolio, ordered, portfolio_of
from mainapp.portfolio.templatetags.carteira import share
from mainapp.portfolio.valuation import ZERO, Holding, add, percent
from mainapp.portfolio.views.contribution import contribution_context

MAX_SLICES = 8
MAX_MOVERS = 3
WIDE_VALUE = 10_000_000  # from here on the table's columns are wider
MERGED = "…"  # the key of the merged small slices; cannot be a symbol, sector or kind


@dataclass(frozen=True, slots=True)
class Division:
    """One donut chart: the portfolio's value by symbol, sector or kind."""

    key: str
    title: str
    head: str
    slices: list[Slice]
    labels: dict[str, str]

    @property
    def rows(self) -> list[tuple[str, Slice]]:
        return [(self.labels.get(piece.key, piece.key), piece) for piece in self.slices]


@vary_on_headers("HX-Request")
def carteira(request: MemberRequest) -> HttpResponse:
    portfolio, at = portfolio_of(request.user), timezone.now()
    context = contribution_context(request.GET, portfolio, at=at)
    if request.headers.get("HX-Request"):
        return render(request, "mainapp/portfolio/_carteira_aporte.html", context)
    view = CARTEIRA_TABLE.view_of(request)
    context |= page_context(portfolio, at=at) | view.context()
    context["lines"] = ordered(portfolio.lines, view.sorted_by, is_ascending=view.is_ascending)
    return render(request, "mainapp/portfolio/carteira.html", context)


def carteira_view(request: MemberRequest) -> HttpResponse:
    """Save the choices for the table in this browser, and show the carteira with them."""
    response = redirect("carteira")
    CARTEIRA_TABLE.save(request, response)
    return response


def page_context(portfolio: Portfolio, *, at: datetime) -> dict[str, Any]:
    times = [quote.quoted_at for quote in portfolio.quotes.values() if quote.quoted_at]
    divisions = all_divisions(portfolio)
    status = market_status(at=at, newest_at=max(times, default=None))
    return {
        "ended": [
            row.holding.symbol for row in portfolio.valuation.rows if not row.holding.is_traded
        ],
        "totals": totals(portfolio),
        "tiles": tiles(portfolio),
        "movers": movers(portfolio),
        "chart": day_chart(portfolio),
        "is_wide": portfolio.valuation.total_value >= WIDE_VALUE,
        "divisions": divisions,
        "labels": {division.key: division.labels for division in divisions},
        "holdings": [holding_to_wire(row.holding) for row in portfolio.valuation.rows],
        "quotes": {symbol: quote.to_wire() for symbol, quote in portfolio.quotes.items()},
        "is_any_late": bool(status["late_symbols"].among(portfolio.quotes)),
        **status,
    }


def tiles(portfolio: Portfolio) -> list[MapRow]:
    """Return the rows of the treemap, the most valuable first; those worth 0 have no tile."""
    lines = sorted(portfolio.lines, key=lambda line: -(line.value.total or ZERO))
    return [
        MapRow(
            symbol=line.holding.symbol,
            name=line.holding.name,
            group=line.holding.sector,
            weight=line.value.total or 0,
            weight_text=share(line.share.actual_pct),
            change_pct=line.value.day_change_pct,
        )
        for line in lines
    ]


def movers(portfolio: Portfolio) -> list[Line]:
    """Return the rows whose day changed the total most."""
    moved = [line for line in portfolio.lines if line.value.day_change]
    return sorted(moved, key=lambda line: -abs(line.value.day_change or ZERO))[:MAX_MOVERS]


def totals(portfolio: Portfolio) -> dict[str, Any]:
    """Return the footer's figures, by the names of its cells."""
    valuation, allocation = portfolio.valuation, portfolio.allocation
    counted = [row for row in valuation.rows if row.has_quote]
    return {
        "total": valuation.total_value,
        "cost": valuation.cost,
        "result": valuation.result,
        "result_pct": valuation.result_pct,
        "day_change": valuation.day_change,
        "day_change_pct": valuation.day_change_pct,
        "actual_pct": allocation.actual_pct,
        "ideal_pct": allocation.ideal_pct,
        "ideal": allocation.ideal,
        "difference": allocation.difference,
        "nota": sum(row.holding.nota for row in counted),
        "unquoted": len(valuation.left_out),
        "undated": sum(row.day_change is None for row in counted),
    }


def holding_to_wire(holding: Holding) -> dict[str, Any]:
    return {
        "symbol": holding.symbol,
        "sector": holding.sector,
        "kind": holding.kind,
        "nota": holding.nota,
        "preco_medio": f"{holding.preco_medio:f}",
        "quantidade": f"{holding.quantidade:f}",
    }


def all_divisions(portfolio: Portfolio) -> list[Division]:
    holdings = [row.holding for row in portfolio.valuation.rows]
    sectors = {row.sector: sector_name(row.sector) or _("Sem setor") for row in holdings}
    labels = dict(Stock.Kind.choices)
    kinds = {row.kind: str(labels.get(row.kind, _("tipo desconhecido"))) for row in holdings}
    return [
        _division(portfolio, "symbol", _("Por ativo"), _("Ativo"), {}),
        _division(portfolio, "sector", _("Por setor"), _("Setor"), sectors),
        _division(portfolio, "kind", _("Por tipo"), _("Tipo"), kinds),
    ]


def _division(
    portfolio: Portfolio,
    by: Literal["symbol", "sector", "kind"],
    title: str,
    head: str,
    labels: dict[str, str],
) -> Division:
    pieces = merge_small(slices(portfolio.valuation, by))
    return Division(by, title, head, pieces, {**labels, MERGED: _("Outros")})


def merge_small(pieces: Sequence[Slice]) -> list[Slice]:
    """Return at most MAX_SLICES slices; above that, the smallest are merged into one."""
    if len(pieces) <= MAX_SLICES:
        return list(pieces)
    largest, small = pieces[: MAX_SLICES - 1], pieces[MAX_SLICES - 1 :]
    total = add(piece.total for piece in small)
    pct = percent(total, add(piece.total for piece in pieces))
    assert pct is not None  # every slice is worth more than 0, so their sum is not 0
    return [*largest, Slice(key=MERGED, total=total, pct=pct)]
