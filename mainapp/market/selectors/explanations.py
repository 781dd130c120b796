"""Explanations of prices far from the last one by known events of the stock."""

from datetime import datetime
from decimal import Decimal

from mainapp.market.quotes import Quote


def explained_by_event(symbol: str, *, last: Quote, price: Decimal, at: datetime) -> bool:
    """Return whether a split or another event since the last quote explains a price."""
    return False
