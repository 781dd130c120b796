"""A stub of brapi that counts its requests: prices that change with each fetch."""

import itertools
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from math import ceil
from typing import Any
from urllib.parse import unquote, urlsplit

from mainapp.market.tests.providers.stub import Stub

START = 38.42
CENTS = 7  # of difference between fetches: within the reply's own day range


class PolledSource(Stub):
    """Serves quotes of `symbols` with the time of the request, and notes when each came."""

    def __init__(self, symbols: list[str], host: str) -> None:
        self.symbols = set(symbols)
        self.fetches: list[float] = []  # monotonic times of requests for all symbols
        self.callers: list[tuple[datetime, str]] = []  # the same requests: time and address
        super().__init__(host)
        self.prices = dict.fromkeys(symbols, START)
        self.shape = self._stamped

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        if self.symbols <= set(path.removeprefix("/api/quote/").split(",")):
            self.fetches.append(time.monotonic())
            self.callers.append((datetime.now(UTC), request.client_address[0]))
        super().answer(request)

    def _stamped(self, reply: Any) -> Any:
        price = round(START + len(self.fetches) % CENTS / 100, 2)
        for row in reply.get("results", ()) if isinstance(reply, dict) else ():
            row |= {
                "regularMarketPrice": price,
                "regularMarketTime": datetime.now(UTC).isoformat(),
            }
        return reply

    # Intervals ---------------------------------------------------------------------------------

    def pauses_s(self, since: float, until: float) -> list[float]:
        """Return the seconds between fetches of a time, and those to its ends."""
        times = [since, *(at for at in self.fetches if since <= at <= until), until]
        return [later - at for at, later in itertools.pairwise(times)]

    def surplus(self, since: float, until: float, interval_s: float) -> int:
        """Return the most fetches beyond one an interval, in any part of a time.

        One that is late may be close to the next: two in less than an interval are none too many.
        """
        times = [at for at in self.fetches if since <= at <= until]
        ends = itertools.combinations(range(len(times)), 2)
        return max(
            (
                last - first - ceil((times[last] - times[first]) / interval_s)
                for first, last in ends
            ),
            default=0,
        )
