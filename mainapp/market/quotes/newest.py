"""The newest time of each symbol's quotes that a process has seen."""

from datetime import datetime

from mainapp.market.quotes.checks import is_of_future
from mainapp.market.quotes.quote import Quote


class NewestTimes:
    """Detects older quotes, which someone who can write to Redis may have copied back to the board.

    Times in the future are not remembered: any quote may replace one of a clock that ran ahead.
    """

    def __init__(self) -> None:
        self._times: dict[str, datetime] = {}

    def is_older(self, quote: Quote, *, at: datetime) -> bool:
        """Return whether a newer quote was seen; remember the time of this one if not."""
        if quote.quoted_at is None or is_of_future(quote, at):
            return False
        newest = self._times.get(quote.symbol)
        if newest is not None and quote.quoted_at < newest:
            return True
        self._times[quote.symbol] = quote.quoted_at
        return False
