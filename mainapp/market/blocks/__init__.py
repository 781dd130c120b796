"""Blocks of the market: on the home page, on a club's, and on the page of a paper."""

from typing import Any

from mainapp.core.blocks import BlockContext
from mainapp.market.blocks import club, home, paper
from mainapp.market.models import Stock

BLOCKS = [*club.BLOCKS, *home.BLOCKS, *paper.BLOCKS]


def if_active(stock: Stock, **_page: Any) -> BlockContext:
    """Show an action of a paper's page that needs no data, unless the paper is no longer traded."""
    return {} if stock.is_active else None
