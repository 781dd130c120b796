"""The simulated stream: pushes each price of the simulated market when it changes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.quotes import Quote
from mainapp.market.streams.base import StreamState, Tick, WantedSymbols
from mainapp.market.symbols import canonical

PERIOD_S = 0.25


class SimulatedStream:
    """A QuoteStream without network."""

    name = "simulated"
    kind: QuoteKind = "simulated"

    def __init__(self, provider: SimulatedProvider, *, period_s: float = PERIOD_S) -> None:
        self.state = StreamState(self.name)
        self._provider, self._period_s = provider, period_s
        self._last: dict[str, datetime | None] = {}

    def can_give(self, symbol: str) -> bool:
        return canonical(symbol) is not None

    async def run(self, wanted: WantedSymbols, deliver: Callable[[Tick], None]) -> None:
        self.state.connected_at = datetime.now(UTC)
        self.state.connections += 1
        while True:
            self.state.status = "live" if wanted.symbols else "idle"
            for quote in self._provider.quotes(sorted(wanted.symbols)).values():
                self._deliver_change(quote, deliver)
            self._last = {name: at for name, at in self._last.items() if name in wanted.symbols}
            await asyncio.sleep(self._period_s)

    def _deliver_change(self, quote: Quote, deliver: Callable[[Tick], None]) -> None:
        if quote.quoted_at is None or self._last.get(quote.symbol) == quote.quoted_at:
            return
        self._last[quote.symbol] = quote.quoted_at
        self.state.ticks += 1
        self.state.last_tick_at = datetime.now(UTC)
        deliver(Tick(quote.symbol, int(quote.quoted_at.timestamp() * 1000), lambda: quote))
