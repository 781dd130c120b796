"""A source of quotes for tests, behind the real chain."""

from datetime import UTC, datetime
from decimal import Decimal
from threading import Event

from django.conf import settings

from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.chain import Chain
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.source import Source
from mainapp.market.quotes import Quote


class TestSource:
    """Gives what a test put into `prices`, once it may; notes what it was asked for."""

    __test__ = False
    batch_size = 100
    lists_all = True

    def __init__(self, name="test", *, simulated=True, budget=None, prices=None):
        self.name, self.simulated, self.budget = name, simulated, budget
        self.prices = dict(prices or {})
        self.asked = []
        self.fault = None
        self.began, self.may_answer = Event(), Event()
        self.may_answer.set()

    def quotes(self, symbols):
        self.asked.append(list(symbols))
        self.began.set()
        assert self.may_answer.wait(10)
        if self.fault:
            raise ProviderError("is broken", fault=self.fault)
        return {symbol: self._quote(symbol) for symbol in symbols if symbol in self.prices}

    def load(self):
        pass

    def calls_for(self, symbols):
        return 1 if symbols else 0

    def calls_made(self):
        return 1

    def tickers(self):
        return []

    def history(self, symbol, range_, interval):
        return []

    def _quote(self, symbol):
        return Quote(
            symbol=symbol,
            price=Decimal(self.prices[symbol]),
            source=self.name,
            simulated=self.simulated,
            quoted_at=datetime.now(UTC),
        )


def chain_of(*sources):
    """Return a chain of these sources as the worker has one."""
    return Chain(
        [
            Source(
                source,
                Guard(source.name, redis_url=settings.REDIS_URL, budget=source.budget),
                timeout=3.0,
            )
            for source in sources
        ]
    )
