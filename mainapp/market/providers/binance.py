"""Binance's market data: pairs of crypto currencies in reais, in real time and without a key.

Its 24 h ticker has the price and its time, but the open, high and low of a rolling day. Those of
the day in São Paulo come from the ticker of the trading day, and the previous close from the last
minute before midnight, which is requested once a day.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from time import monotonic
from typing import Any

from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.base import (
    Budget,
    Limit,
    Listing,
    ProviderError,
    RefusedError,
    WithoutEvents,
)
from mainapp.market.providers.client import SourceClient, parse_json
from mainapp.market.providers.replies import (
    object_rows,
    symbol_of,
    to_bars,
    to_exact_price,
    to_time,
)
from mainapp.market.providers.threads import gather, merge_quotes
from mainapp.market.quotes import Bar, Quote, is_out_of_range, to_coins, to_exact_money
from mainapp.market.sessions import SAO_PAULO, sao_paulo_day
from mainapp.market.symbols import is_pair

URL = "https://data-api.binance.vision"
SYMBOLS_A_CALL = 100
BARS_A_CALL = 1000
WORKERS = 4
UNKNOWN_FOR_S = 3600.0
# São Paulo's time zone since 2019; the oldest pairs in reais are of 2020.
TIME_ZONE, FIRST_DAY = "-3", date(2020, 1, 1)
INTERVALS = {
    "1m": timedelta(minutes=1),
    "15m": timedelta(minutes=15),
    "1d": timedelta(days=1),
}
RANGE_DAYS = {"1d": 1, "5d": 7, "1mo": 31, "3mo": 92, "6mo": 183, "1y": 366, "5y": 1827}
# Binance keeps every minute; further ones would take more than ten calls.
LONGEST_RANGE = {"1m": ("1d", "5d"), "15m": ("1d", "5d", "1mo", "3mo")}
INVALID_SYMBOL = "Invalid symbol"  # the message of its code -1121
COLUMNS = ("date", "open", "high", "low", "close", "volume")


@dataclass
class PreviousCloses:
    """The last price before each symbol's day, None for a pair that was not traded then."""

    days: dict[str, tuple[date, Decimal | None]] = field(default_factory=dict)

    def lacks(self, symbol: str, day: date) -> bool:
        return self.days.get(symbol, (None,))[0] != day

    def of(self, symbol: str, day: date) -> Decimal | None:
        return None if self.lacks(symbol, day) else self.days[symbol][1]


class BinanceProvider(WithoutEvents):
    """A QuoteProvider for Binance."""

    name = "binance"
    kind: QuoteKind = "real"
    lists_all = False

    def __init__(
        self, *, url: str = URL, timeout: float = 3.0, proxy: str = "", budget: Budget | None = None
    ) -> None:
        self._url = f"{url.rstrip('/')}/api/v3"
        self._timeout = timeout
        self._client = SourceClient(proxy=proxy)
        self._closes = PreviousCloses()
        self._unknown: dict[str, float] = {}
        self.budget = budget

    def load(self) -> None:
        self._client.load()

    def calls_for(self, symbols: Sequence[str]) -> int:
        pairs = self._pairs(symbols)
        today = sao_paulo_day(datetime.now(UTC))
        batches = -(-len(pairs) // SYMBOLS_A_CALL)
        return 2 * batches + sum(self._closes.lacks(pair, today) for pair in pairs)

    def calls_made(self) -> int:
        return self._client.counter.pop()

    def tickers(self) -> list[Listing]:
        raise ProviderError("has no list of the exchange's stocks", fault="not_given")

    def limits(self) -> list[Limit]:
        return []

    def gives_whole(self, range_: str, interval: str) -> bool:
        return range_ in LONGEST_RANGE.get(interval, (range_,))

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        pairs = self._pairs(symbols)
        starts = range(0, len(pairs), SYMBOLS_A_CALL)
        batches = [pairs[start : start + SYMBOLS_A_CALL] for start in starts]
        jobs = [partial(self._batch, batch) for batch in batches]
        return merge_quotes(gather(jobs, workers=WORKERS, timeout=self._timeout), batches)

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        if not self._pairs([symbol]):
            raise ProviderError(f"has no {symbol}", fault="not_given", permanent=True)
        longest = LONGEST_RANGE.get(interval, (range_,))
        first = _first_moment(range_ if range_ in longest else longest[-1], datetime.now(UTC))
        step = INTERVALS[interval] * BARS_A_CALL
        count = -(-(datetime.now(UTC) - first) // step)
        jobs = [
            partial(self._klines, symbol, interval, first + n * step, first + (n + 1) * step)
            for n in range(count)
        ]
        rows: list[Mapping[str, Any]] = []
        for result in gather(jobs, workers=WORKERS, timeout=self._timeout):
            if isinstance(result, ProviderError):
                raise result
            rows += result
        bars = to_bars(
            _of_whole_days(rows) if interval == "1d" else rows,
            daily=interval == "1d",
            to_price=to_exact_price,
            to_volume=to_coins,
        )
        if not bars:
            raise ProviderError(f"has no history of {symbol}", fault="not_given", permanent=True)
        return bars

    def _pairs(self, symbols: Sequence[str]) -> list[str]:
        """Return the pairs of which Binance did not say that they are unknown."""
        now = monotonic()
        return [
            symbol
            for symbol in dict.fromkeys(symbols)
            if is_pair(symbol) and self._unknown.get(symbol, 0.0) <= now
        ]

    def _batch(self, pairs: Sequence[str]) -> dict[str, Quote]:
        deadline = monotonic() + self._timeout
        rows = {symbol_of(row): row for row in self._rows("ticker/24hr", pairs, deadline)}
        found = [pair for pair in pairs if pair in rows]
        if not found:
            return {}
        days = {symbol_of(row): row for row in self._rows("ticker/tradingDay", found, deadline)}
        quotes = {pair: _quote(rows[pair], days.get(pair, {}), pair) for pair in found}
        return self._with_closes({pair: quote for pair, quote in quotes.items() if quote}, deadline)

    def _with_closes(self, quotes: dict[str, Quote], deadline: float) -> dict[str, Quote]:
        """Add the previous closes. Raises: ProviderError, with the quotes, if one has none."""
        error: ProviderError | None = None
        for pair, quote in quotes.items():
            if quote.quoted_at is None:
                continue
            day = sao_paulo_day(quote.quoted_at)
            if self._closes.lacks(pair, day) and error is None:
                try:
                    self._closes.days[pair] = (day, self._close_before(pair, day, deadline))
                except ProviderError as failure:
                    error = failure
            quotes[pair] = replace(quote, previous_close=self._closes.of(pair, day))
        if error is not None:
            error.partial_quotes = quotes
            raise error
        return quotes

    def _close_before(self, pair: str, day: date, deadline: float) -> Decimal | None:
        midnight = datetime.combine(day, time(), SAO_PAULO)
        rows = self._klines(pair, "1m", None, midnight, limit=1, deadline=deadline)
        before = [row for row in rows if (at := to_time(row["date"])) and at < midnight]
        return to_exact_price(before[-1]["close"]) if before else None

    def _klines(
        self,
        pair: str,
        interval: str,
        since: datetime | None,
        until: datetime,
        *,
        limit: int = BARS_A_CALL,
        deadline: float | None = None,
    ) -> list[Mapping[str, Any]]:
        params = {"symbol": pair, "interval": interval, "limit": str(limit)}
        params["endTime"] = str(_milliseconds(until) - 1)
        if since:
            params["startTime"] = str(_milliseconds(since))
        if interval == "1d":
            params["timeZone"] = TIME_ZONE
        reply = self._get("klines", params, deadline or monotonic() + self._timeout)
        if not isinstance(reply, list):
            raise ProviderError("a reply without candles", fault="bad_reply")
        return [
            dict(zip(COLUMNS, row, strict=False))
            for row in reply
            if isinstance(row, list) and len(row) >= len(COLUMNS)
        ]

    def _rows(
        self, path: str, pairs: Sequence[str], deadline: float
    ) -> Collection[Mapping[str, Any]]:
        """Return the rows of a ticker. One unknown pair spoils a call, so it is halved then."""
        params = {"symbols": json.dumps(list(pairs), separators=(",", ":"))}
        if path == "ticker/tradingDay":
            params["timeZone"] = TIME_ZONE
        try:
            reply = self._get(path, params, deadline)
        except RefusedError as error:
            if not error.words.startswith(INVALID_SYMBOL):
                raise
            if len(pairs) == 1:
                self._unknown[pairs[0]] = monotonic() + UNKNOWN_FOR_S
                return []
            half = len(pairs) // 2
            return [
                row
                for part in (pairs[:half], pairs[half:])
                for row in self._rows(path, part, deadline)
            ]
        if not isinstance(reply, list):
            raise ProviderError("a reply without prices", fault="bad_reply")
        return object_rows(reply)

    def _get(self, path: str, params: Mapping[str, str], deadline: float) -> Any:
        url = f"{self._url}/{path}"
        reply = self._client.get(url, params, deadline=deadline, refusals=(400,))
        return parse_json(reply.body)


def _quote(row: Mapping[str, Any], day: Mapping[str, Any], pair: str) -> Quote | None:
    price, quoted_at = to_exact_money(row.get("lastPrice")), to_time(row.get("closeTime"))
    if price is None:
        return None
    quote = Quote(
        symbol=pair, price=price, source=BinanceProvider.name, kind="real", quoted_at=quoted_at
    )
    low, high = to_exact_price(row.get("lowPrice")), to_exact_price(row.get("highPrice"))
    if price.is_finite() and is_out_of_range(price, low=low, high=high):
        return replace(quote, low=low, high=high)  # so that it is refused
    opened_at = to_time(day.get("openTime"))
    is_today = opened_at and quoted_at and opened_at == _midnight(quoted_at)
    if not is_today:
        return quote
    return replace(
        quote,
        open=to_exact_price(day.get("openPrice")),
        high=to_exact_price(day.get("highPrice")),
        low=to_exact_price(day.get("lowPrice")),
        volume=to_coins(day.get("volume")),
    )


def _of_whole_days(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the days of São Paulo. Raises: ProviderError if Binance gave days of another zone."""
    days = [row for row in rows if (at := to_time(row["date"])) and at == _midnight(at)]
    if rows and not days:
        raise ProviderError("days of another time zone", fault="bad_reply")
    return days


def _first_moment(range_: str, at: datetime) -> datetime:
    """Return the first moment of a range that ends at `at`."""
    today = sao_paulo_day(at)
    first = FIRST_DAY if range_ == "max" else today.replace(month=1, day=1)
    if range_ in RANGE_DAYS:
        first = today - timedelta(days=RANGE_DAYS[range_] - 1)
    return datetime.combine(max(first, FIRST_DAY), time(), SAO_PAULO).astimezone(UTC)


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(sao_paulo_day(moment), time(), SAO_PAULO)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
