"""The rhythm of each symbol's quotes, by which its silence is noticed."""

from dataclasses import dataclass

SHORTEST_S, LONGEST_S = 3.0, 60.0
# A symbol is silent after this many of its usual pauses.
PAUSES = 3
# The share of the longest pause that remains after each shorter one.
DECAY = 0.8
FIRST_PAUSES = 2


@dataclass(slots=True)
class _Symbol:
    last_at: float
    pause_s: float = 0.0
    pauses: int = 0


class Rhythms:
    """The pauses between each symbol's newer quotes. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._symbols: dict[str, _Symbol] = {}

    def note(self, symbol: str, now: float) -> None:
        """Note that a newer quote was accepted. After a silence the rhythm is learnt again.

        An outage is no usual pause: counted as one, it allowed the next to last for a minute.
        """
        known = self._symbols.get(symbol)
        if known is None or (known.pauses >= FIRST_PAUSES and now > self.silent_at(symbol)):
            self._symbols[symbol] = _Symbol(now)
            return
        pause = min(now - known.last_at, LONGEST_S)
        known.pause_s = max(pause, known.pause_s * DECAY)
        known.pauses += 1
        known.last_at = now

    def silent_at(self, symbol: str) -> float:
        """Return when the symbol counts as silent unless a quote comes; 0 if it does already.

        A symbol whose usual pauses are too long for that is always silent: polling is faster.
        """
        known = self._symbols.get(symbol)
        if known is None or known.pauses < FIRST_PAUSES:
            return 0.0
        allowed = PAUSES * known.pause_s
        return known.last_at + max(allowed, SHORTEST_S) if allowed <= LONGEST_S else 0.0

    def forget(self, symbol: str) -> None:
        self._symbols.pop(symbol, None)
