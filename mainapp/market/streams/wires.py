"""The message format of a streaming source, as a Protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mainapp.market.quotes import Quote


class MalformedMessage(ValueError):
    """A message that does not follow the documented format."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price as the source sends it: its own name for the symbol, the time, and the values."""

    source_symbol: str
    at_ms: int
    values: object


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message. `answered` is the number of the request that it confirms."""

    prices: Sequence[Price] = ()
    answered: int | None = None
    is_ending: bool = False  # the source announces that it will close the connection


class Wire(Protocol):
    """The format of one source: addresses, requests and messages."""

    name: str
    lifetime_s: float  # after which the source ends a connection
    repeats_all: bool  # whether all subscriptions have to be repeated

    def source_symbol(self, symbol: str) -> str | None:
        """Return the source's name of a symbol, or None if it cannot have it."""

    def address(self, url: str, names: Sequence[str]) -> tuple[str, int]:
        """Return the address to open, and how many of the names it subscribes to."""

    def subscribe(self, names: Sequence[str], number: int) -> str:
        """Return the request number `number`, for further names."""

    def unsubscribe(self, names: Sequence[str], number: int) -> str:
        """Return the request to end subscriptions."""

    def parse(self, raw: str | bytes) -> Message:
        """Parse a message; unknown ones are empty. Raises: MalformedMessage."""

    def to_quote(self, price: Price, symbol: str) -> Quote:
        """Return the quote of a parsed price. A price that is not a number becomes NaN."""
