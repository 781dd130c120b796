"""The Protocol that every source of quotes fulfils, and how it says that it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mainapp.market.quotes import Bar, Quote

RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "ytd", "1y", "5y", "max")
INTERVALS = ("1m", "15m", "1d")


class ProviderError(Exception):
    """A source could not answer.

    `permanent` errors (a refused token, a page that is no longer served) are not worth a quick
    retry; `retry_after` is the pause in seconds that the source asked for, None when it named none.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A paper as a source lists it; what the source does not say is empty."""

    symbol: str
    name: str = ""
    sector: str = ""
    kind: str = ""


class QuoteProvider(Protocol):
    """One source of quotes. Calls block, each at most the configured timeout."""

    name: str
    simulated: bool

    def tickers(self) -> list[Listing]:
        """Return what the source lists. Raises: ProviderError."""

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return what the source can give of `symbols` (ours: PETR4, IBOV).

        A missing key is a symbol that it cannot give. Raises: ProviderError when it cannot answer.
        """

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        """Return bars, oldest first. `range_` of RANGES, `interval` of INTERVALS.

        Raises: ProviderError.
        """
