"""The Protocol that every source of quotes fulfils, and how it says that it cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mainapp.market.quotes import Bar, Quote

RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "ytd", "1y", "5y", "max")
INTERVALS = ("1m", "15m", "1d")

Fault = Literal[
    "timeout",  # no whole answer in time
    "unreachable",  # no connection, or one that broke
    "rate_limited",  # asked too often
    "unauthorized",  # a token or an address that the source refuses
    "server_error",  # the source says that it is broken
    "bad_reply",  # an answer that is not what the source documents
    "not_given",  # the source works, but has not got what was asked for
    "failed",  # anything else
]


class ProviderError(Exception):
    """A source could not answer.

    `permanent` errors (a refused token, a page that is no longer served) are not worth a quick
    retry; `retry_after` is the pause in seconds that the source asked for, None when it named none.
    `given` is what the source gave before it failed.
    """

    def __init__(
        self,
        message: str,
        *,
        fault: Fault = "failed",
        permanent: bool = False,
        retry_after: float | None = None,
        given: Mapping[str, Quote] | None = None,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.permanent = permanent
        self.retry_after = retry_after
        self.given = dict(given or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A paper as a source lists it; what the source does not say is empty."""

    symbol: str
    name: str = ""
    sector: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many calls a source may get in each calendar month or hour (UTC)."""

    calls: int
    period: Literal["month", "hour"]


class QuoteProvider(Protocol):
    """One source of quotes. Calls block, each at most the configured timeout."""

    name: str
    simulated: bool
    lists_all: bool  # whether `tickers` is the whole market, and not a part of it
    budget: Budget | None

    def calls_for(self, symbols: Sequence[str]) -> int:
        """Return how many calls to the source `quotes(symbols)` takes when nothing goes wrong."""

    def calls_made(self) -> int:
        """Return how many calls have been made to the source since this was last asked."""

    def tickers(self) -> list[Listing]:
        """Return what the source lists. Raises: ProviderError."""

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return what the source can give of `symbols` (ours: PETR4, IBOV).

        A missing key is a symbol that it cannot give; a price that is no number comes as NaN.
        Raises: ProviderError when it cannot answer.
        """

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        """Return bars, oldest first. `range_` of RANGES, `interval` of INTERVALS.

        Raises: ProviderError.
        """
