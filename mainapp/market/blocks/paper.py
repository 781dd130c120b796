"""The market's blocks on the page of a paper: its day, its peers, its closes and its data."""

from typing import Any

from django.utils import timezone

from mainapp.core.blocks import Block, BlockContext
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.candles import recent_closes
from mainapp.market.selectors.facts import stock_facts
from mainapp.market.selectors.peers import peers_of

CLOSES_SHOWN = 20


def _follow(stock: Stock, **_page: Any) -> BlockContext:
    return {} if stock.is_active else None


def _day(stock: Stock, quote: Quote | None, **_page: Any) -> BlockContext:
    return {} if stock.is_active or quote else None


def _peers(stock: Stock, **_page: Any) -> BlockContext:
    peers = peers_of(stock)
    return {"peers": peers} if peers else None


def _closes(stock: Stock, **_page: Any) -> BlockContext:
    closes = recent_closes(stock=stock, count=CLOSES_SHOWN)
    return {"closes": closes} if closes else None


def _facts(stock: Stock, **_page: Any) -> BlockContext:
    if stock.kind == Stock.Kind.INDEX:
        return None
    return {"facts": stock_facts(stock, on=timezone.localdate())}


BLOCKS = [
    Block(place=place, name=name, order=order, context=context, template=template)
    for place, name, order, context, template in (
        ("paper-actions", "follow", 10, _follow, "mainapp/market/paper/follow.html"),
        ("paper-side", "day", 10, _day, "mainapp/market/paper/day.html"),
        ("paper-side", "peers", 50, _peers, "mainapp/market/paper/peers.html"),
        ("paper-below", "closes", 10, _closes, "mainapp/market/paper/closes.html"),
        ("paper-below", "facts", 20, _facts, "mainapp/market/paper/facts.html"),
    )
]
