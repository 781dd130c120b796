"""The newest tick of each symbol since the last batch."""

import asyncio
from time import time

from mainapp.market.quotes import CLOCK_SKEW
from mainapp.market.streams.base import Tick


class PendingTicks:
    """Ticks to record in the next batch: the newest of each symbol and stream, however many arrive.

    A tick with a future time is stored separately: it will be refused and counted, and must not
    displace a valid one.
    """

    def __init__(self) -> None:
        self._ticks: dict[tuple[str, str, bool], Tick] = {}
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ticks)

    def put(self, stream: str, tick: Tick) -> None:
        is_ahead = tick.at_ms > time() * 1000 + CLOCK_SKEW.total_seconds() * 1000
        key = (stream, tick.symbol, is_ahead)
        before = self._ticks.get(key)
        if before is None or before.at_ms <= tick.at_ms:
            self._ticks[key] = tick
            self._arrived.set()

    async def pop_all(self) -> list[Tick]:
        """Wait for ticks and remove them all."""
        await self._arrived.wait()
        self._arrived.clear()
        ticks, self._ticks = self._ticks, {}
        return list(ticks.values())
