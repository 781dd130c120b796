"""The Protocol of all sources of quotes, and the error that they raise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mainapp.market.quotes import Bar, Quote

RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "ytd", "1y", "5y", "max")
INTERVALS = ("1m", "15m", "1d")

Fault = Literal[
    "timeout",  # no whole answer in time
    "unreachable",  # no connection, or one that broke
    "rate_limited",  # too many requests
    "unauthorized",  # a token or an address that the source refuses
    "server_error",  # the source reports a fault of its own
    "bad_reply",  # an answer in another form than the source documents
    "not_given",  # the source works, but does not have the requested data
    "failed",  # anything else
]


class ProviderError(Exception):
    """A source could not answer.

    `permanent` errors (a refused token, a page that is no longer served) are not worth a quick
    retry; `retry_after` is the pause in seconds that the source asked for, None when it named none.
    `given` holds the quotes that came before the failure.
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
    """A paper in a source's list; fields that the source does not give are empty."""

    symbol: str
    name: str = ""
    sector: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Calls allowed to a source in each calendar month or hour (UTC)."""

    calls: int
    period: Literal["month", "hour"]


class QuoteProvider(Protocol):
    """One source of quotes. Calls block, each for the configured time-out at most."""

    name: str
    simulated: bool
    lists_all: bool  # whether `tickers` is the whole market, and not a part of it
    budget: Budget | None

    def load(self) -> None:
        """Import what the first call needs: seconds on a slow machine, and in no time-out."""

    def calls_for(self, symbols: Sequence[str]) -> int:
        """Return the number of calls that `quotes(symbols)` makes when nothing fails."""

    def calls_made(self) -> int:
        """Return the number of calls to the source since the last `calls_made`."""

    def tickers(self) -> list[Listing]:
        """Return the source's list of papers. Raises: ProviderError."""

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return the quotes of those of `symbols` (ours: PETR4, IBOV) that the source has.

        A price that is not a number comes as NaN.
        Raises: ProviderError when it cannot answer.
        """

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        """Return bars, oldest first. `range_` of RANGES, `interval` of INTERVALS.

        Raises: ProviderError.
        """
