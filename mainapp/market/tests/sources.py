"""A source of quotes for tests, used behind the real chain."""

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
    """Returns quotes of `prices` when `can_reply` is set; records the symbols of each request."""

    __test__ = False
    batch_size = 100
    lists_all = True
    gives_events = False

    def __init__(self, name="test", *, kind="simulated", budget=None, prices=None):
        self.name, self.kind, self.budget = name, kind, budget
        self.prices = dict(prices or {})
        self.requests = []
        self.fault = None
        self.reach = None  # how many symbols there is time for
        self.started, self.can_reply = Event(), Event()
        self.can_reply.set()

    def quotes(self, symbols):
        self.requests.append(list(symbols))
        self.started.set()
        assert self.can_reply.wait(10)
        if self.fault:
            raise ProviderError("is broken", fault=self.fault)
        reached = symbols[: self.reach]
        quotes = {symbol: self._quote(symbol) for symbol in reached if symbol in self.prices}
        if unreached := set(symbols) - set(reached):
            raise ProviderError(
                "no time", fault="unfinished", partial_quotes=quotes, unreached=unreached
            )
        return quotes

    def load(self):
        pass

    def calls_for(self, symbols):
        return 1 if symbols else 0

    def calls_made(self):
        return 1

    def limits(self):
        return []

    def gives_whole(self, range_, interval):
        return True

    def tickers(self):
        return []

    def history(self, symbol, range_, interval):
        return []

    def _quote(self, symbol):
        return Quote(
            symbol=symbol,
            price=Decimal(self.prices[symbol]),
            source=self.name,
            kind=self.kind,
            quoted_at=datetime.now(UTC),
        )


def chain_of(*sources):
    """Return a chain of the given sources, like the worker's."""
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
