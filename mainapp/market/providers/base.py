"""The Protocol of all sources of quotes, and the error that they raise."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from mainapp.market.kinds import QuoteKind
from mainapp.market.quotes import Bar, Quote
from mainapp.market.quotes.reported import ReportedEvent

__all__ = [
    "INTERVALS",
    "RANGES",
    "Budget",
    "Fault",
    "Limit",
    "Listing",
    "ProviderError",
    "QuoteProvider",
    "RefusedError",
    "ReportedEvent",
    "WithoutEvents",
]

RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "ytd", "1y", "5y", "max")
INTERVALS = ("1m", "15m", "1d")

Fault = Literal[
    "timeout",  # no complete reply in time
    "unreachable",  # no connection, or a broken one
    "rate_limited",  # too many requests
    "unauthorized",  # the source refuses the token or our address
    "server_error",  # the source reports an internal error
    "bad_reply",  # the reply does not have the documented form
    "refused",  # the account does not include it; the source explains it in a message
    "not_given",  # the source works, but does not have the requested data
    "unfinished",  # our time for the round ended before everything was requested
    "failed",  # anything else
]


class ProviderError(Exception):
    """A failed call to a source.

    `permanent` errors (a refused token, a removed page) are not worth a quick retry. `retry_after`
    is the pause in seconds that the source requested, or None. `partial_quotes` are the quotes
    received before the failure; `unreached` symbols were not requested.
    """

    def __init__(
        self,
        message: str,
        *,
        fault: Fault = "failed",
        permanent: bool = False,
        retry_after: float | None = None,
        partial_quotes: Mapping[str, Quote] | None = None,
        unreached: Collection[str] = (),
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.permanent = permanent
        self.retry_after = retry_after
        self.partial_quotes = dict(partial_quotes or {})
        self.unreached = frozenset(unreached)


class RefusedError(ProviderError):
    """A refusal in the source's own words: too many symbols, too long a range, a bad symbol."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"refused ({status}): {words}", fault="refused", permanent=True)
        self.status = status
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit learnt from a source's refusals: `value` symbols a call, or ranges up to `value`.

    `kind` is "batch" or "range:<interval>", `words` is the source's message when it refused more.
    After `retry_at` (aware UTC) more is tried again.
    """

    kind: str
    value: str
    words: str
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A stock in a source's list. Fields that the source does not report are empty."""

    symbol: str
    name: str = ""
    sector: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The number of calls allowed per calendar month, day or hour (UTC)."""

    calls: int
    period: Literal["month", "day", "hour"]


class WithoutEvents:
    """The part of a source that gives no corporate events."""

    gives_events = False

    def events(self, symbol: str) -> list[ReportedEvent]:
        raise ProviderError("gives no events", fault="not_given", permanent=True)


class QuoteProvider(Protocol):
    """A source of quotes.

    Each call to it takes at most the configured timeout. `quotes` starts calls for at most
    threads.ROUND_S, in the order of the symbols.
    """

    name: str
    kind: QuoteKind
    lists_all: bool  # whether `tickers` returns the whole market
    gives_events: bool  # whether `events` returns any
    budget: Budget | None

    def load(self) -> None:
        """Import the libraries of the first call, without a timeout, as that may take seconds."""

    def calls_for(self, symbols: Sequence[str]) -> int:
        """Return the number of calls that `quotes(symbols)` makes if none fails."""

    def calls_made(self) -> int:
        """Return the number of calls to the source since the last `calls_made`."""

    def tickers(self) -> list[Listing]:
        """Return the source's list of stocks. Raises: ProviderError."""

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return quotes by symbol (B3's: PETR4, IBOV), without symbols unknown to the source.

        A price that is not a number is returned as NaN. Raises: ProviderError, with the fault
        `unfinished` if there was not enough time for all symbols.
        """

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        """Return bars of a range of RANGES at an interval of INTERVALS, oldest first.

        They cover a shorter range if the source allows no more. Raises: ProviderError.
        """

    def events(self, symbol: str) -> list[ReportedEvent]:
        """Return the payments and splits of a stock, announced ones included, in any order.

        Their values are as the source gives them, unchecked. Raises: ProviderError.
        """

    def gives_whole(self, range_: str, interval: str) -> bool:
        """Return whether `history` covers the whole range, as far as known. Makes no call."""

    def limits(self) -> list[Limit]:
        """Return the limits learnt from the source's refusals. Makes no call."""
