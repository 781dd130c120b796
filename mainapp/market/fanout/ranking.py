"""The ranking of the home room: computed once per batch, one frame for all its sockets."""

from mainapp.market.fanout import frames
from mainapp.market.fanout.prices import Prices
from mainapp.market.indicators import ranking


class HomeRanking:
    """The current ranking frame of `symbols`, while the room has sockets.

    Beside the lists and the quotes of their stocks it has `changes`, each symbol's change of the
    day in percent, for the treemap: 1.3 KB for the IBOV.
    """

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self.symbols: tuple[str, ...] = ()
        self.frame = b""

    def open(self, symbols: tuple[str, ...]) -> None:
        """Start ranking when the first socket joins the room."""
        self.symbols = symbols
        self.frame = self._rank()

    def renew(self) -> bool:
        """Compute the ranking; return whether anything but its number changed."""
        before, self.frame = self.frame, self._rank()
        return _without_number(before) != _without_number(self.frame)

    def _rank(self) -> bytes:
        entries = self._prices.entries
        rows = {s: entries[s].fields for s in self.symbols if s in entries}
        ranked = ranking(rows)
        changes = {s: row["change_pct"] for s, row in sorted(rows.items()) if row.get("change_pct")}
        symbols = sorted({symbol for board in ranked.values() for symbol in board})
        return frames.ranking_frame(
            self._prices.seq, ranked, self._prices.whole(symbols), changes=changes
        )


def _without_number(frame: bytes) -> bytes:
    """Return a ranking frame without its type and number."""
    return frame.split(b",", 2)[-1]
