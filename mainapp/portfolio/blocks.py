"""The portfolio's blocks on the page of a paper."""

from typing import Any

from django.http import HttpRequest

from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.portfolio.selectors import position_in


def _add(stock: Stock, **_page: Any) -> BlockContext:
    return {} if stock.is_active else None


def _position(
    request: HttpRequest, stock: Stock, quote: Quote | None, **_page: Any
) -> BlockContext:
    row = position_in(request.user, stock, quote)
    return {"row": row} if row else None


BLOCKS = [
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
