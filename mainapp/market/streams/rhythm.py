"""The usual pause between the quotes of each symbol, to detect that it has fallen silent."""

from dataclasses import dataclass

SHORTEST_S, LONGEST_S = 3.0, 60.0
# A symbol counts as silent after this many of its usual pauses.
PAUSES = 3
# The share of the longest pause that remains after each shorter one.
DECAY = 0.8
FIRST_PAUSES = 2


@dataclass(slots=True)
class _Rhythm:
    last_at: float
    pause_s: float = 0.0
    pauses: int = 0


class Rhythms:
    """The pauses between each symbol's newer quotes. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._symbols: dict[str, _Rhythm] = {}

    def note(self, symbol: str, now: float) -> None:
        """Record an accepted newer quote. After a silence the rhythm is learnt from scratch.

        An outage is not a usual pause: when it was counted, the next one was noticed a minute late.
        """
        rhythm = self._symbols.get(symbol)
        if rhythm is None or (rhythm.pauses >= FIRST_PAUSES and now > self.silent_at(symbol)):
            self._symbols[symbol] = _Rhythm(now)
            return
        pause = min(now - rhythm.last_at, LONGEST_S)
        rhythm.pause_s = max(pause, rhythm.pause_s * DECAY)
        rhythm.pauses += 1
        rhythm.last_at = now

    def silent_at(self, symbol: str) -> float:
        """Return when the symbol will count as silent if no quote arrives; 0 if it already does.

        With usual pauses above LONGEST_S / PAUSES it always counts as silent: polling is faster.
        """
        rhythm = self._symbols.get(symbol)
        if rhythm is None or rhythm.pauses < FIRST_PAUSES:
            return 0.0
        allowed = PAUSES * rhythm.pause_s
        return rhythm.last_at + max(allowed, SHORTEST_S) if allowed <= LONGEST_S else 0.0

    def forget(self, symbol: str) -> None:
        self._symbols.pop(symbol, None)
