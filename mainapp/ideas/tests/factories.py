"""Factories of ideas, and of the quotes that decide them."""

from datetime import timedelta
from decimal import Decimal

from mainapp.ideas.conditions import end_of_day
from mainapp.ideas.models import Idea
from mainapp.ideas.services.publishing import publish_idea
from mainapp.market.services.recording import record_quotes
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.tests.factories import NOON, LastQuoteFactory, StockFactory
from mainapp.market.tests.quotes import make_quote


def record(price, *, minutes=0.0, symbol="PETR4", previous_close="36.00", start=NOON, **fields):
    """Record one quote, made `minutes` after `start`, without delay; return whether it counts."""
    at = start + timedelta(minutes=minutes)
    close = None if previous_close is None else Decimal(previous_close)
    quote = make_quote(symbol, price, quoted_at=at, previous_close=close, **fields)
    return record_quotes(quotes=[quote], at=at)


def write_idea(author, *, symbol="PETR4", at=NOON, minutes=0.0, **fields):
    """Return an idea written by the service: a buy from 36 or so to 40, with its stop at 33."""
    at += timedelta(minutes=minutes)
    values = {
        "side": "buy",
        "thesis": "Petróleo sobe.",
        "target": "40.00",
        "stop": "33.00",
        "horizon": sao_paulo_day(at) + timedelta(days=30),
    } | fields
    for name in ("target", "stop"):
        if isinstance(values[name], str):
            values[name] = Decimal(values[name])
    return publish_idea(author=author, stock=StockFactory(symbol=symbol), at=at, **values)


def make_idea(author, *, symbol="PETR4", **fields):
    """Return an open idea, made without the service; `fields` override its columns."""
    idea = idea_of(author, stock=StockFactory(symbol=symbol), **fields)
    idea.save()
    return idea


def idea_of(author, *, stock, at=NOON, club=None, **fields):
    """Return an open idea that is not saved."""
    horizon = fields.pop("horizon", sao_paulo_day(at) + timedelta(days=30))
    values = {
        "author": author,
        "stock": stock,
        "club": club,
        "side": "buy",
        "thesis": "Petróleo sobe.",
        "thesis_html": "<p>Petróleo sobe.</p>",
        "target": Decimal("40.00"),
        "stop": Decimal("33.00"),
        "horizon": horizon,
        "expires_at": end_of_day(horizon),
        "status": "open",
        "quote_kind": "simulated",
        "created_at": at,
        "asked_at": at,
        "adjusted_on": sao_paulo_day(at),
        "price_at": Decimal("36.00"),
        "priced_at": at,
        "price_source": "simulated",
    } | fields
    idea = Idea(**values)
    idea.describe()
    return idea


def last_quote(price="36.00", *, symbol="PETR4", at=NOON):
    """Store a last quote without recording it."""
    return LastQuoteFactory(
        stock=StockFactory(symbol=symbol), price=Decimal(price), quoted_at=at, previous_close=None
    )
