"""Binance's market streams: 24 h tickers of crypto pairs in JSON, in real time."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mainapp.market.providers.replies import to_exact_price
from mainapp.market.quotes import Quote, is_out_of_range, to_exact_money
from mainapp.market.streams.wires import MalformedMessage, Message, Price
from mainapp.market.symbols import is_pair

SUFFIX = "@miniTicker"
# Its connections last for 24 hours.
LIFETIME_S = 23 * 3600.0
# An address of this many names has 4,000 characters; further ones are subscribed by message.
NAMES_IN_ADDRESS = 200
LATEST_MS = 4_102_444_800_000  # the year 2100


class BinanceWire:
    """The Wire of Binance, for pairs in reais (BTCBRL)."""

    name = "binance"
    lifetime_s = LIFETIME_S
    repeats_all = False

    def source_symbol(self, symbol: str) -> str | None:
        return symbol if is_pair(symbol) else None

    def address(self, url: str, names: Sequence[str]) -> tuple[str, int]:
        first = names[:NAMES_IN_ADDRESS]
        return f"{url}/stream?streams={'/'.join(map(_stream, first))}", len(first)

    def subscribe(self, names: Sequence[str], number: int) -> str:
        return _request("SUBSCRIBE", names, number)

    def unsubscribe(self, names: Sequence[str], number: int) -> str:
        return _request("UNSUBSCRIBE", names, number)

    def parse(self, raw: str | bytes) -> Message:
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise MalformedMessage("not JSON") from error
        if not isinstance(message, dict):
            raise MalformedMessage("not an object")
        if isinstance(number := message.get("id"), int):
            return Message(answered=number if message.get("error") is None else None)
        data = message.get("data", message)
        if not isinstance(data, dict):
            raise MalformedMessage("no data")
        if data.get("e") == "serverShutdown":
            return Message(is_ending=True)
        if data.get("e") != "24hrMiniTicker":
            return Message()
        at_ms, name = data.get("E"), data.get("s")
        if not isinstance(at_ms, int) or not isinstance(name, str) or not 0 < at_ms < LATEST_MS:
            raise MalformedMessage("a price without symbol or time")
        return Message(prices=(Price(name.upper(), at_ms, data),))

    def to_quote(self, price: Price, symbol: str) -> Quote:
        """Return the quote: price and time only.

        Open, high, low and volume are those of the last 24 hours, not of the day.
        """
        data: Any = price.values
        last = to_exact_money(data.get("c"))
        quote = Quote(
            symbol=symbol,
            price=Decimal("NaN") if last is None else last,
            source=self.name,
            kind="real",
            quoted_at=datetime.fromtimestamp(price.at_ms / 1000, UTC),
        )
        low, high = to_exact_price(data.get("l")), to_exact_price(data.get("h"))
        if quote.price.is_finite() and is_out_of_range(quote.price, low=low, high=high):
            return replace(quote, low=low, high=high)  # so that it is refused
        return quote


def _stream(name: str) -> str:
    return name.lower() + SUFFIX


def _request(method: str, names: Sequence[str], number: int) -> str:
    return json.dumps({"method": method, "params": [*map(_stream, names)], "id": number})
