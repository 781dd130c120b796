"""Yahoo's streamer: base64 of protobuf in JSON. B3's quotes are 15 minutes late there, too."""

import binascii
import json
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import inf
from typing import Any

from mainapp.market.providers.replies import (
    closes_before,
    source_symbols,
    to_currency,
    to_price,
    to_size,
)
from mainapp.market.providers.yahoo import DELAY_S, SUFFIX
from mainapp.market.quotes import Quote, to_count, to_money
from mainapp.market.streams.pricing import pricing_definition
from mainapp.market.streams.wires import MalformedMessage, Message, Price

OLDEST_MS = 946_684_800_000  # the year 2000
LATEST_MS = 4_102_444_800_000  # the year 2100


class YahooWire:
    """The Wire of Yahoo's streamer, which forgets subscriptions that are not repeated."""

    name = "yahoo"
    lifetime_s = inf
    repeats_all = True

    def source_symbol(self, symbol: str) -> str | None:
        return next(iter(source_symbols([symbol], suffix=SUFFIX)), None)

    def address(self, url: str, names: Sequence[str]) -> tuple[str, int]:
        return f"{url}/?version=2", 0

    def subscribe(self, names: Sequence[str], number: int) -> str:
        return json.dumps({"subscribe": list(names)})

    def unsubscribe(self, names: Sequence[str], number: int) -> str:
        return json.dumps({"unsubscribe": list(names)})

    def parse(self, raw: str | bytes) -> Message:
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise MalformedMessage("not JSON") from error
        if not isinstance(message, dict):
            raise MalformedMessage("not an object")
        if message.get("type") != "pricing":
            return Message()
        data = _decode(message.get("message"))
        if not data.id or not OLDEST_MS < data.time < LATEST_MS:
            raise MalformedMessage("a price without symbol or time")
        return Message(prices=(Price(data.id.upper(), data.time, data),))

    def to_quote(self, price: Price, symbol: str) -> Quote:
        """Return the quote. Prices are 32-bit floats (38.419998), rounded to the cent.

        Zero means a missing field: protobuf does not send zeros.
        """
        data: Any = price.values
        last = to_money(data.price)
        return Quote(
            symbol=symbol,
            price=Decimal("NaN") if last is None else last,
            source=self.name,
            kind="real",
            quoted_at=datetime.fromtimestamp(price.at_ms / 1000, UTC),
            currency=to_currency(data.currency),
            delay_s=DELAY_S,
            previous_close=to_price(data.previous_close)
            or closes_before(last or Decimal("NaN"), change=data.change or None, change_pct=None),
            open=to_price(data.open_price),
            high=to_price(data.day_high),
            low=to_price(data.day_low),
            volume=to_count(data.day_volume) or None,
            market_cap=to_size(data.market_cap),
        )


def _decode(text: Any) -> Any:
    if not isinstance(text, str):
        raise MalformedMessage("no message")
    definition, decode_error = pricing_definition()
    try:
        return definition.FromString(b64decode(text, validate=True))
    except (binascii.Error, ValueError, decode_error) as error:
        raise MalformedMessage("not a price") from error
