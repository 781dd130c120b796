"""brapi.dev: quotes in batches with a token, or from the list of the whole market without one.

Without a token `/api/quote/…` serves four stocks only; the others are read from `/api/quote/list`,
whose rows have no time, high or low. The number of stocks in a call with a token depends on the
plan (`BRAPI_BATCH_SIZE`). The delay of the prices is not documented for all plans, so B3's public
delay of 15 minutes is assumed.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from time import monotonic
from typing import Any
from urllib.parse import quote as quote_url

from mainapp.market.providers.base import Budget, Listing, ProviderError
from mainapp.market.providers.client import SourceClient, parse_json
from mainapp.market.providers.replies import (
    check_currency,
    object_rows,
    source_symbols,
    symbol_of,
    symbols_of,
    to_bars,
    to_currency,
    to_name,
    to_price,
    to_quote,
    to_size,
)
from mainapp.market.providers.threads import gather, merge_quotes
from mainapp.market.quotes import Bar, Quote, to_count, to_money

DELAY_S = 15 * 60
UNKNOWN_FOR_S = 3600.0
MAX_PAGES = 10
KNOWN = "PETR4"  # a 404 for this stock means a wrong address
WORKERS = 4
FREE_SYMBOLS = frozenset({"PETR4", "VALE3", "MGLU3", "ITUB4"})
# brapi returns the price of AXIA3 for these two.
WRONG_SYMBOLS = frozenset({"AXIA5", "AXIA6"})
KINDS = {"bdr": "BDR"}

Quotes = dict[str, Quote]
Method = Callable[[Mapping[str, list[str]], float], Quotes]


class BrapiProvider:
    """A QuoteProvider for brapi.dev."""

    name = "brapi"
    simulated = False
    lists_all = True

    def __init__(
        self,
        *,
        url: str = "https://brapi.dev",
        token: str = "",
        batch_size: int = 20,
        timeout: float = 3.0,
        proxy: str = "",
        budget: Budget | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._has_token = bool(token)
        self._client = SourceClient(
            proxy=proxy, headers={"Authorization": f"Bearer {token}"} if token else None
        )
        self._timeout = timeout
        self._unknown: dict[str, float] = {}
        self._batch_size = max(batch_size, 1)
        self.budget = budget

    def load(self) -> None:
        self._client.load()

    def calls_for(self, symbols: Sequence[str]) -> int:
        return len(self._jobs(symbols))

    def calls_made(self) -> int:
        return self._client.counter.pop()

    def tickers(self) -> list[Listing]:
        rows = self._list(deadline=monotonic() + self._timeout)
        return [
            Listing(
                symbol=row["stock"],
                name=to_name(row.get("name")),
                sector=to_name(row.get("sector")),
                kind=KINDS.get(str(row.get("type")), ""),
            )
            for row in rows
            if isinstance(row.get("stock"), str)
        ]

    def quotes(self, symbols: Sequence[str]) -> Quotes:
        jobs = self._jobs(symbols)
        results = gather(
            [partial(self._run, method, wanted) for method, wanted in jobs],
            workers=WORKERS,
            timeout=self._timeout,
        )
        return merge_quotes(results, [symbols_of(wanted) for _, wanted in jobs])

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        name = next(iter(source_symbols([symbol])), None)
        if name is None or name in WRONG_SYMBOLS:
            raise ProviderError(f"has no {symbol}", fault="not_given", permanent=True)
        params = {"range": range_, "interval": interval}
        job = partial(self._results, name, params, monotonic() + self._timeout)
        (result,) = gather([job], workers=1, timeout=self._timeout)
        if isinstance(result, ProviderError):
            raise result
        rows = [row for row in result if symbol_of(row) == name]
        for row in rows:
            check_currency(row.get("currency"))
        bars = to_bars(
            (bar for row in rows for bar in object_rows(row.get("historicalDataPrice"))),
            daily=interval == "1d",
        )
        if not bars:
            raise ProviderError(f"has no history of {symbol}", fault="not_given", permanent=True)
        return bars

    def _run(self, method: Method, wanted: Mapping[str, list[str]]) -> Quotes:
        return method(wanted, monotonic() + self._timeout)

    def _jobs(self, symbols: Sequence[str]) -> list[tuple[Method, dict[str, list[str]]]]:
        """Return the methods to call, each with brapi's symbols and the requested ones."""
        names = source_symbols(symbols)
        now = monotonic()
        unknown = {name for name, until in list(self._unknown.items()) if until > now}
        wanted = [name for name in names if name not in WRONG_SYMBOLS | unknown]
        batched = wanted if self._has_token else [name for name in wanted if name in FREE_SYMBOLS]
        starts = range(0, len(batched), self._batch_size)
        batches = [batched[start : start + self._batch_size] for start in starts]
        jobs: list[tuple[Method, dict[str, list[str]]]] = [
            (self._batch, {name: names[name] for name in batch}) for batch in batches
        ]
        listed = {name: names[name] for name in wanted if name not in batched and name[0] != "^"}
        if listed:
            jobs.append((self._listed, listed))
        return jobs

    def _batch(self, wanted: Mapping[str, list[str]], deadline: float) -> Quotes:
        """Return the quotes of a batch. If an unknown stock fails the call, split the batch."""
        quotes = self._quoted(wanted, deadline)
        if quotes is None:
            self._check_address(deadline)
            quotes = self._halves(wanted, deadline)
        return quotes

    def _quoted(self, wanted: Mapping[str, list[str]], deadline: float) -> Quotes | None:
        """Return the quotes of one call, or None if brapi does not know one of the stocks."""
        try:
            rows = self._results(",".join(wanted), {}, deadline)
        except ProviderError as error:
            if error.fault != "not_given":
                raise
            return None
        quotes: Quotes = {}
        for row in rows:
            for symbol in wanted.get(symbol_of(row), ()):
                quote = to_quote(row, symbol=symbol, source=self.name, delay_s=DELAY_S)
                if quote:
                    quotes.setdefault(symbol, quote)
        return quotes

    def _check_address(self, deadline: float) -> None:
        """Request a stock that exists. Raises: ProviderError if even that one is unknown."""
        try:
            self._results(KNOWN, {}, deadline)
        except ProviderError as error:
            if error.fault != "not_given":
                raise
            raise _wrong_address() from error

    def _halves(self, wanted: Mapping[str, list[str]], deadline: float) -> Quotes:
        names = list(wanted)
        if len(names) == 1:
            self._unknown[names[0]] = monotonic() + UNKNOWN_FOR_S
            return {}
        quotes: Quotes = {}
        for half in (names[: len(names) // 2], names[len(names) // 2 :]):
            part = {name: wanted[name] for name in half}
            part_quotes = self._quoted(part, deadline)
            quotes |= self._halves(part, deadline) if part_quotes is None else part_quotes
        return quotes

    def _listed(self, wanted: Mapping[str, list[str]], deadline: float) -> Quotes:
        quotes: Quotes = {}
        for row in self._list(deadline):
            for symbol in wanted.get(symbol_of(row, "stock"), ()):
                if quote := _listed_quote(row, symbol):
                    quotes.setdefault(symbol, quote)
        return quotes

    def _results(
        self, path: str, params: Mapping[str, str], deadline: float
    ) -> list[Mapping[str, Any]]:
        url = f"{self._url}/api/quote/{quote_url(path, safe=',')}"
        reply = parse_json(self._client.get(url, params, deadline=deadline).body)
        if not isinstance(reply, dict) or not isinstance(reply.get("results"), list):
            raise ProviderError("a reply without results", fault="bad_reply")
        return object_rows(reply["results"])

    def _list(self, deadline: float) -> list[Mapping[str, Any]]:
        """Return the rows of all pages of the market's list. Raises: ProviderError."""
        rows: list[Mapping[str, Any]] = []
        for page in range(1, MAX_PAGES + 1):
            reply = self._page(page, deadline)
            rows += object_rows(reply["stocks"])
            if reply.get("hasNextPage") is not True:
                return rows
        raise ProviderError(f"a list of more than {MAX_PAGES} pages", fault="bad_reply")

    def _page(self, page: int, deadline: float) -> Mapping[str, Any]:
        params = {"page": str(page)} if page > 1 else {}
        try:
            reply = parse_json(
                self._client.get(f"{self._url}/api/quote/list", params, deadline=deadline).body
            )
        except ProviderError as error:
            if error.fault != "not_given":
                raise
            raise _wrong_address() from error
        if not isinstance(reply, dict) or not isinstance(reply.get("stocks"), list):
            raise ProviderError("a reply without stocks", fault="bad_reply")
        return reply


def _wrong_address() -> ProviderError:
    return ProviderError(
        "knows no stock at all (404): is the address right?", fault="bad_reply", permanent=True
    )


def _listed_quote(row: Mapping[str, Any], symbol: str) -> Quote | None:
    price = to_money(row.get("close"))
    if price is None:
        return None
    return Quote(
        symbol=symbol,
        price=price,
        source=BrapiProvider.name,
        simulated=False,
        name=to_name(row.get("name")),
        currency=to_currency(row.get("currency")),
        delay_s=DELAY_S,
        previous_close=_previous_close(price, row.get("change")),
        volume=to_count(row.get("volume")),
        market_cap=to_size(row.get("market_cap")),
    )


def _previous_close(price: Decimal, change_pct: Any) -> Decimal | None:
    """Return the previous close from the price and the change in percent."""
    if isinstance(change_pct, bool) or not isinstance(change_pct, int | float):
        return None
    if not price.is_finite() or not -99 < change_pct < 1000:
        return None
    return to_price(price / (1 + Decimal(str(change_pct)) / 100))
