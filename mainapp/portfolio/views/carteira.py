"""The live portfolio: rows beside their ideal, totals, and the next contribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from mainapp.accounts.policies import MemberRequest
from mainapp.market import sessions
from mainapp.market.models import Stock
from mainapp.market.templatetags.sectors import sector_name
from mainapp.portfolio.allocation import Slice, slices
from mainapp.portfolio.selectors.page import Portfolio, portfolio_of
from mainapp.portfolio.valuation import Holding, add, percent
from mainapp.portfolio.views.contribution import contribution_context

MAX_SLICES = 8
REST = "…"  # the key of what is folded together; no symbol, sector or kind


@dataclass(frozen=True, slots=True)
class Division:
    """One donut: the patrimony by symbol, sector or kind."""

    key: str
    title: str
    head: str
    slices: list[Slice]
    labels: dict[str, str]

    @property
    def rows(self) -> list[tuple[str, Slice]]:
        return [(self.labels.get(one.key, one.key), one) for one in self.slices]


@vary_on_headers("HX-Request")
def carteira(request: MemberRequest) -> HttpResponse:
    portfolio, at = portfolio_of(request.user), timezone.now()
    context = contribution_context(request.GET, portfolio, at=at)
    if request.headers.get("HX-Request"):
        return render(request, "mainapp/portfolio/_carteira_aporte.html", context)
    context |= page_context(portfolio, at=at)
    return render(request, "mainapp/portfolio/carteira.html", context)


def page_context(portfolio: Portfolio, *, at: datetime) -> dict[str, Any]:
    times = [quote.quoted_at for quote in portfolio.quotes.values() if quote.quoted_at]
    divisions = all_divisions(portfolio)
    return {
        "lines": list(portfolio.lines),
        "totals": totals(portfolio),
        "divisions": divisions,
        "labels": {division.key: division.labels for division in divisions},
        "holdings": [holding_to_wire(row.holding) for row in portfolio.valuation.rows],
        "quotes": {symbol: quote.to_wire() for symbol, quote in portfolio.quotes.items()},
        "session": "open" if settings.SIMULATED else sessions.session(at),
        "last_close": sessions.last_close(at),
        "newest_at": max(times, default=None),
    }


def totals(portfolio: Portfolio) -> dict[str, Any]:
    """Return the footer's figures by the names of its cells."""
    valuation, allocation = portfolio.valuation, portfolio.allocation
    counted = [row for row in valuation.rows if row.has_quote]
    return {
        "total": valuation.patrimony,
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
    sectors = {one.sector: sector_name(one.sector) or _("Sem setor") for one in holdings}
    kinds = {one.kind: str(Stock.Kind(one.kind).label) for one in holdings}
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
    made = folded(slices(portfolio.valuation, by))
    return Division(by, title, head, made, {**labels, REST: _("Outros")})


def folded(made: Sequence[Slice]) -> list[Slice]:
    """Return at most MAX_SLICES slices, the smallest as one where there are more."""
    if len(made) <= MAX_SLICES:
        return list(made)
    kept, rest = made[: MAX_SLICES - 1], made[MAX_SLICES - 1 :]
    total = add(one.total for one in rest)
    pct = percent(total, add(one.total for one in made))
    assert pct is not None  # a slice is worth more than 0
    return [*kept, Slice(key=REST, total=total, pct=pct)]
