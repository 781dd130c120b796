"""Financial Modeling Prep: quotes in batches with a key. B3's need a paid plan.

Errors are `{"Error Message": "…"}`, sometimes with status 200. A plan without the batch endpoint is
asked for one stock a call; that is learnt from its refusal (`limits`), as are stocks that the plan
does not include. Replies have no currency, only the exchange. The delay of the prices is not
documented, so B3's public delay of 15 minutes is assumed. It gives no histories here.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
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
from mainapp.market.providers.limits import Limits
from mainapp.market.providers.replies import (
    SOURCE_INDEX,
    UNKNOWN_CURRENCY,
    object_rows,
    source_symbols,
    symbol_of,
    symbols_of,
    to_currency,
    to_quote,
)
from mainapp.market.providers.threads import gather, merge_quotes
from mainapp.market.quotes import CURRENCY, Bar, Quote

NAME = "fmp"
URL = "https://financialmodelingprep.com"
SUFFIX = ".SA"
SYMBOLS_A_CALL = 100
WORKERS = 4
DELAY_S = 15 * 60
UNKNOWN_FOR_S = 3600.0
REPORT_S = 0.05  # as in the adapter of brapi
# The names of B3 and of its index in the field `exchange`.
EXCHANGES = frozenset({"SAO", "SAO PAULO", "SÃO PAULO", "BVMF", "B3", "INDEX"})
# What the plan does not include is refused with a message, like a wrong key.
REFUSALS = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, 200}
)
LIMIT_WORDS = ("limit reach", "too many requests", "rate limit")
KEY_WORDS = ("api key", "apikey")
# Their names for the fields that `to_quote` reads; changesPercentage is that of the retired API.
FIELDS = {
    "price": "regularMarketPrice",
    "timestamp": "regularMarketTime",
    "name": "longName",
    "previousClose": "regularMarketPreviousClose",
    "change": "regularMarketChange",
    "changesPercentage": "regularMarketChangePercent",
    "changePercentage": "regularMarketChangePercent",
    "open": "regularMarketOpen",
    "dayHigh": "regularMarketDayHigh",
    "dayLow": "regularMarketDayLow",
    "volume": "regularMarketVolume",
    "marketCap": "marketCap",
    "yearLow": "fiftyTwoWeekLow",
    "yearHigh": "fiftyTwoWeekHigh",
}

Names = Mapping[str, list[str]]
Row = Mapping[str, Any]


class FmpProvider(WithoutEvents):
    """A QuoteProvider for Financial Modeling Prep."""

    name = NAME
    kind: QuoteKind = "real"
    lists_all = False

    def __init__(
        self,
        *,
        key: str,
        url: str = URL,
        timeout: float = 3.0,
        proxy: str = "",
        budget: Budget | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._key = key
        self._url = url.rstrip("/")
        self._client = SourceClient(proxy=proxy, secret=key)
        self._timeout = timeout
        self._limits = limits or Limits(NAME)
        self._unknown: dict[str, float] = {}
        self.budget = budget

    def load(self) -> None:
        self._client.load()

    def calls_for(self, symbols: Sequence[str]) -> int:
        return len(self._batches(symbols))

    def calls_made(self) -> int:
        return self._client.counter.pop()

    def tickers(self) -> list[Listing]:
        raise ProviderError("has no list of the exchange's stocks", fault="not_given")

    def limits(self) -> list[Limit]:
        return self._limits.all()

    def gives_whole(self, range_: str, interval: str) -> bool:
        return False

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        raise ProviderError("is not asked for histories", fault="not_given", permanent=True)

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        batches = self._batches(symbols)
        results = gather(
            [partial(self._batch, wanted) for wanted in batches],
            workers=WORKERS,
            timeout=self._timeout + REPORT_S,
        )
        if any(isinstance(result, dict) and result for result in results):
            # The plan includes B3, only not each of its stocks: no reason to pause.
            results = [{} if isinstance(result, RefusedError) else result for result in results]
        return merge_quotes(results, map(symbols_of, batches))

    def _batches(self, symbols: Sequence[str]) -> list[dict[str, list[str]]]:
        now = monotonic()
        wanted = [
            (name, texts)
            for name, texts in source_symbols(symbols, suffix=SUFFIX).items()
            if self._unknown.get(name, 0.0) <= now
        ]
        size = self._limits.batch_size(SYMBOLS_A_CALL)
        return [dict(wanted[start : start + size]) for start in range(0, len(wanted), size)]

    def _batch(self, wanted: Names) -> dict[str, Quote]:
        deadline = monotonic() + self._timeout
        if len(wanted) == 1:
            return self._single(wanted, deadline)
        try:
            rows = self._rows("batch-quote", {"symbols": ",".join(wanted)}, deadline)
        except RefusedError as error:
            return self._one_by_one(wanted, error, deadline)
        return _quotes(rows, wanted)

    def _one_by_one(
        self, wanted: Names, refusal: RefusedError, deadline: float
    ) -> dict[str, Quote]:
        """Request the first stock alone; if that works, the endpoint of batches is not included.

        The other stocks are left to the next round, which makes one call for each.
        """
        first = next(iter(wanted))
        quotes = self._single({first: wanted[first]}, deadline)
        self._limits.learn_batch_size(1, refusal.words)
        left = symbols_of({name: texts for name, texts in wanted.items() if name != first})
        raise ProviderError(
            str(refusal), fault="unfinished", partial_quotes=quotes, unreached=left
        ) from refusal

    def _single(self, wanted: Names, deadline: float) -> dict[str, Quote]:
        (name,) = wanted
        try:
            rows = self._rows("quote", {"symbol": name}, deadline)
        except RefusedError:
            # Otherwise the day's calls would go to a stock that the plan does not include.
            self._unknown[name] = monotonic() + UNKNOWN_FOR_S
            raise
        if not rows:
            self._unknown[name] = monotonic() + UNKNOWN_FOR_S
        return _quotes(rows, wanted)

    def _rows(self, path: str, params: Mapping[str, str], deadline: float) -> list[Row]:
        """Return the rows of a reply. Raises: ProviderError, RefusedError."""
        url = f"{self._url}/stable/{path}"
        try:
            reply = self._client.get(
                url, {**params, "apikey": self._key}, deadline=deadline, refusals=REFUSALS
            )
        except RefusedError as error:
            if (meant := _meaning(error)) is error:
                raise
            raise meant from error
        parsed = parse_json(reply.body)
        if not isinstance(parsed, list):
            raise ProviderError("a reply without quotes", fault="bad_reply")
        return object_rows(parsed)


def _meaning(error: RefusedError) -> ProviderError:
    """Return what a refusal means: too many calls, a wrong key, or a plan that lacks something."""
    words = error.words.lower()
    if any(each in words for each in LIMIT_WORDS):
        return ProviderError(str(error), fault="rate_limited")
    if error.status == HTTPStatus.UNAUTHORIZED or any(each in words for each in KEY_WORDS):
        return ProviderError(str(error), fault="unauthorized", permanent=True)
    return error


def _quotes(rows: Sequence[Row], wanted: Names) -> dict[str, Quote]:
    quotes: dict[str, Quote] = {}
    for row in rows:
        named = {ours: row[theirs] for theirs, ours in FIELDS.items() if theirs in row}
        named["currency"] = _currency(row)
        for symbol in wanted.get(symbol_of(row), ()):
            quote = to_quote(named, symbol=symbol, source=NAME, delay_s=DELAY_S)
            if quote:
                quotes.setdefault(symbol, quote)
    return quotes


def _currency(row: Row) -> str:
    """Return the currency of a row: the given one, else that of B3's prices on its exchange.

    A row of another exchange (an ADR, a namesake) is not in reais, whatever its symbol.
    """
    if given := to_currency(row.get("currency")):
        return given
    exchange = row.get("exchange")
    is_here = exchange in (None, "") or str(exchange).upper() in EXCHANGES
    is_index = symbol_of(row) == SOURCE_INDEX
    return CURRENCY if is_here or is_index else UNKNOWN_CURRENCY
