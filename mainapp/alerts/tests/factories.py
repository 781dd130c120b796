"""Factories for alerts, and for the quotes that trigger them."""

from datetime import timedelta
from decimal import Decimal

from mainapp.alerts.models import Firing, SharedAlert
from mainapp.alerts.services.alerts import create_alert
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.market.tests.quotes import make_quote


def make_alert(owner, symbol="PETR4", at=NOON, **fields):
    """Return an alert created by the service; limits may be strings."""
    limits = {
        name: Decimal(value) if isinstance(value, str) and name not in ("email", "note") else value
        for name, value in fields.items()
        if name not in ("recurrence", "email", "note")
    }
    other_fields = {
        name: fields[name] for name in ("recurrence", "email", "note") if name in fields
    }
    stock = StockFactory(symbol=symbol)
    return create_alert(
        owner=owner, fields={"ativo": stock} | limits | other_fields, quote_kind="simulated", at=at
    )


def share(club, alert):
    """Return an alert shared with a club, as by the service."""
    return SharedAlert.objects.create(club=club, alert=alert, shared_at=NOON)


def record(price, *, minutes=0.0, symbol="PETR4", previous_close="36.00", start=NOON):
    """Record one quote, made `minutes` after `start`, without delay."""
    at = start + timedelta(minutes=minutes)
    close = None if previous_close is None else Decimal(previous_close)
    quote = make_quote(symbol, price, quoted_at=at, previous_close=close)
    record_quotes(quotes=[quote], at=at)


def fired(alert):
    """Return (kind, price) of an alert's firings, in order."""
    rows = Firing.objects.filter(alert=alert).order_by("pk")
    return [(firing.kind, str(firing.price)) for firing in rows]
