"""The portfolio's blocks: its day on the home page, and a position on the page of a paper."""

from typing import Any

from django.http import HttpRequest

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.models import Club
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors import own_rows, position_in
from mainapp.portfolio.selectors.club import club_portfolio
from mainapp.portfolio.selectors.day import day_chart
from mainapp.portfolio.selectors.page import portfolio_of

CLUB_SHOWN = 5


def _home(request: MemberRequest) -> BlockContext:
    portfolio = portfolio_of(request.user)
    if not portfolio.valuation.rows:
        return {"portfolio": None}
    return {
        "portfolio": portfolio,
        "totals": portfolio.valuation,
        "chart": day_chart(portfolio),
        "quotes": {symbol: quote.to_wire() for symbol, quote in portfolio.quotes.items()},
        "holdings": [
            {
                "symbol": row.holding.symbol,
                "nota": row.holding.nota,
                "preco_medio": f"{row.holding.preco_medio:f}",
                "quantidade": f"{row.holding.quantidade:f}",
            }
            for row in portfolio.valuation.rows
        ],
    }


def _add(request: HttpRequest, stock: Stock, **_page: Any) -> BlockContext:
    if not stock.is_active or stock.kind == Stock.Kind.INDEX:
        return None
    rows = own_rows(request.user) if isinstance(request.user, User) else Carteira.objects.none()
    return {"holding": rows.filter(ativo=stock).first()}


def _position(
    request: MemberRequest, stock: Stock, quote: Quote | None, **_page: Any
) -> BlockContext:
    row = position_in(request.user, stock, quote)
    return {"row": row} if row else None


def _of_club(club: Club, **_page: Any) -> BlockContext:
    portfolio = club_portfolio(club.pk)
    mean = portfolio.mean[:CLUB_SHOWN] if portfolio.mean else None
    return {"club_portfolio": portfolio, "mean": mean}


BLOCKS = [
    Block(
        place="club",
        name="portfolio",
        order=40,
        who=MEMBERS,
        template="mainapp/portfolio/club/block.html",
        context=_of_club,
    ),
    Block(
        place="home",
        name="carteira",
        order=10,
        who=MEMBERS,
        template="mainapp/portfolio/home_block.html",
        context=_home,
    ),
    Block(
        place="paper-actions",
        name="create-carteira",
        order=30,
        template="mainapp/portfolio/paper/add.html",
        context=_add,
    ),
    Block(
        place="paper-side",
        name="position",
        order=20,
        who=MEMBERS,
        template="mainapp/portfolio/paper/position.html",
        context=_position,
    ),
]
