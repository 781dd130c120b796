"""The market's blocks on a paper's page: its day, peers, closes, events and data."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from mainapp.core.blocks import Block, BlockContext
from mainapp.market.models import Stock
from mainapp.market.quotes import Bar, Quote
from mainapp.market.selectors.candles import recent_closes
from mainapp.market.selectors.facts import stock_events, stock_facts
from mainapp.market.selectors.peers import peers_of
from mainapp.market.selectors.watchlists import is_followed

CLOSES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class DayClose:
    """A daily bar and its change from the previous close; None without one."""

    bar: Bar
    change_pct: Decimal | None


def _follow(request: HttpRequest, stock: Stock, **_page: Any) -> BlockContext:
    return {"is_followed": is_followed(request.user, stock)} if stock.is_active else None


def _day(stock: Stock, quote: Quote | None, **_page: Any) -> BlockContext:
    return {} if stock.is_active or quote else None


def _peers(stock: Stock, **_page: Any) -> BlockContext:
    peers = peers_of(stock)
    return {"peers": peers} if peers else None


def _closes(stock: Stock, **_page: Any) -> BlockContext:
    bars = recent_closes(stock=stock, count=CLOSES_SHOWN + 1)
    lasts = [*bars[1:], None]  # the bars are the newest first
    rows = [DayClose(bar, _change_pct(bar, last)) for bar, last in zip(bars, lasts, strict=False)]
    return {"closes": rows[:CLOSES_SHOWN]} if rows else None


def _change_pct(bar: Bar, last: Bar | None) -> Decimal | None:
    return (bar.close - last.close) * 100 / last.close if last and last.close else None


def _facts(stock: Stock, **_page: Any) -> BlockContext:
    if stock.kind == Stock.Kind.INDEX:
        return None
    return {"facts": stock_facts(stock, on=timezone.localdate())}


def _events(stock: Stock, **_page: Any) -> BlockContext:
    events = stock_events(stock)
    if not events:
        return None
    return {"events": events, "has_simulated": any(event.simulated for event in events)}


BLOCKS = [
    Block(place=place, name=name, order=order, context=context, template=template)
    for place, name, order, context, template in (
        ("paper-actions", "follow", 10, _follow, "mainapp/market/paper/follow.html"),
        ("paper-side", "day", 10, _day, "mainapp/market/paper/day.html"),
        ("paper-below", "peers", 5, _peers, "mainapp/market/paper/peers.html"),
        ("paper-below", "closes", 10, _closes, "mainapp/market/paper/closes.html"),
        ("paper-below", "events", 15, _events, "mainapp/market/paper/events.html"),
        ("paper-below", "facts", 20, _facts, "mainapp/market/paper/facts.html"),
    )
]
