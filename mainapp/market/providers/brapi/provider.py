"""brapi.dev: quotes in batches with a token, or from the list of the whole market without one.

Without a token `/api/quote/…` serves four stocks only; the others are read from `/api/quote/list`,
whose rows have no time, high or low. The number of stocks in a call and the range of a history
depend on the plan. They are learnt from refusals (`limits`); `BRAPI_BATCH_SIZE` is only the first
attempt. The delay of the prices is not documented for all plans, so B3's public delay of 15 minutes
is assumed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic

from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.base import (
    RANGES,
    Budget,
    Limit,
    Listing,
    ProviderError,
    RefusedError,
    ReportedEvent,
)
from mainapp.market.providers.brapi.batches import Access, Batch
from mainapp.market.providers.brapi.calls import MAX_PAGES, NAME, Calls, Row, listed_quote
from mainapp.market.providers.client import SourceClient
from mainapp.market.providers.limits import Limits
from mainapp.market.providers.replies import (
    check_currency,
    object_rows,
    source_symbols,
    symbol_of,
    symbols_of,
    to_bars,
    to_name,
)
from mainapp.market.providers.reported import brapi_events
from mainapp.market.providers.threads import ROUND_S, gather, merge_quotes
from mainapp.market.quotes import Bar, Quote

UNKNOWN_FOR_S = 3600.0
WORKERS = 4
MANY_CALLS = 10
# Lets a job report its own timeout, with the quotes that it received; less than source.GRACE_S.
REPORT_S = 0.05
FREE_SYMBOLS = frozenset({"PETR4", "VALE3", "MGLU3", "ITUB4"})
# brapi returns the price of AXIA3 for these two.
WRONG_SYMBOLS = frozenset({"AXIA5", "AXIA6"})
KINDS = {"bdr": "BDR"}

Quotes = dict[str, Quote]
Method = Callable[[Mapping[str, list[str]], float], Quotes]


class BrapiProvider:
    """A QuoteProvider for brapi.dev."""

    name = NAME
    kind: QuoteKind = "real"
    lists_all = True
    gives_events = True

    def __init__(
        self,
        *,
        url: str = "https://brapi.dev",
        token: str = "",
        batch_size: int = 20,
        timeout: float = 3.0,
        proxy: str = "",
        budget: Budget | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._has_token = bool(token)
        self._client = SourceClient(
            proxy=proxy, headers={"Authorization": f"Bearer {token}"} if token else None
        )
        self._calls = Calls(self._client, url.rstrip("/"))
        self._limits = limits or Limits(NAME)
        self._access = Access()
        self._list_pages = 1  # of the last read
        self._no_list_until = 0.0
        self._timeout = timeout
        self._unknown: dict[str, float] = {}
        self._batch_size = max(batch_size, 1)
        self.budget = budget

    def load(self) -> None:
        self._client.load()

    def calls_for(self, symbols: Sequence[str]) -> int:
        return sum(self._list_pages if job == self._listed else 1 for job, _ in self._jobs(symbols))

    def calls_made(self) -> int:
        return self._client.counter.pop()

    def limits(self) -> list[Limit]:
        return self._limits.all()

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
        # The pages of a list have a timeout each; the other jobs have one in all.
        has_pages = self._list_pages > 1 and any(method == self._listed for method, _ in jobs)
        results = gather(
            [partial(self._run, method, wanted) for method, wanted in jobs],
            workers=WORKERS,
            timeout=self._timeout + REPORT_S + (ROUND_S if has_pages else 0),
        )
        return merge_quotes(results, [symbols_of(wanted) for _, wanted in jobs])

    def gives_whole(self, range_: str, interval: str) -> bool:
        longest = self._limits.longest_range(interval)
        return RANGES.index(range_) <= RANGES.index(longest)

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        name = next(iter(source_symbols([symbol])), None)
        if name is None or name in WRONG_SYMBOLS:
            raise ProviderError(f"has no {symbol}", fault="not_given", permanent=True)
        job = partial(self._longest_history, name, range_, interval)
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

    def events(self, symbol: str) -> list[ReportedEvent]:
        name = next(iter(source_symbols([symbol])), None)
        is_free = self._has_token or name in FREE_SYMBOLS
        if name is None or name in WRONG_SYMBOLS or name[0] == "^" or not is_free:
            raise ProviderError(f"has no events of {symbol}", fault="not_given", permanent=True)
        deadline = monotonic() + self._timeout
        rows = self._calls.results(name, {"dividends": "true"}, deadline)
        return [event for row in rows if symbol_of(row) == name for event in brapi_events(row)]

    def _longest_history(self, name: str, range_: str, interval: str) -> list[Row]:
        """Return the rows of the range, or of the longest shorter one that is not refused."""
        deadline = monotonic() + self._timeout
        longest = self._limits.longest_range(interval)
        first = min(RANGES.index(range_), RANGES.index(longest))
        refusal: RefusedError | None = None
        for tried in reversed(RANGES[: first + 1]):
            try:
                rows = self._calls.results(name, {"range": tried, "interval": interval}, deadline)
            except RefusedError as error:
                refusal = refusal or error
                continue
            except ProviderError as error:
                if refusal is not None and error.fault == "timeout":
                    self._limits.learn_range(interval, tried, refusal.words)
                raise
            if refusal is not None:
                self._limits.learn_range(interval, tried, refusal.words)
            return rows
        assert refusal is not None
        raise refusal

    def _run(self, method: Method, wanted: Mapping[str, list[str]]) -> Quotes:
        return method(wanted, monotonic() + self._timeout)

    def _jobs(self, symbols: Sequence[str]) -> list[tuple[Method, dict[str, list[str]]]]:
        """Return the methods to call, each with brapi's symbols and the requested ones."""
        names = source_symbols(symbols)
        now = monotonic()
        unknown = {name for name, until in list(self._unknown.items()) if until > now}
        wanted = [name for name in names if name not in WRONG_SYMBOLS | unknown]
        size = self._limits.batch_size(self._batch_size)
        batched = [name for name in wanted if self._is_batched(name, len(wanted), size)]
        batches = [batched[start : start + size] for start in range(0, len(batched), size)]
        jobs: list[tuple[Method, dict[str, list[str]]]] = [
            (self._batch, {name: names[name] for name in batch}) for batch in batches
        ]
        listed = {name: names[name] for name in wanted if name not in batched and name[0] != "^"}
        if listed:
            jobs.append((self._listed, listed))
        return jobs

    def _is_batched(self, name: str, count: int, size: int) -> bool:
        """Return whether to request a stock by name, as one of `count`, instead of from the list.

        If the plan allows one stock a call, batches of 20 stocks would have to be an hour apart to
        stay within a month's budget. The list costs one call, but has no times and no day range.
        """
        if not self._has_token:
            return name in FREE_SYMBOLS
        is_costly = size < self._batch_size and count > size * MANY_CALLS
        return name[0] == "^" or not is_costly or self._no_list_until > monotonic()

    def _batch(self, wanted: Mapping[str, list[str]], deadline: float) -> Quotes:
        batch = Batch(
            self._calls,
            self._limits,
            self._access,
            full_size=self._batch_size,
            forget=self._skip_for_a_while,
        )
        return batch.read(wanted, deadline)

    def _skip_for_a_while(self, name: str) -> None:
        self._unknown[name] = monotonic() + UNKNOWN_FOR_S

    def _listed(self, wanted: Mapping[str, list[str]], deadline: float) -> Quotes:
        """Return quotes from the list. If a later page fails, the earlier pages are not lost."""
        quotes: Quotes = {}
        rows: list[Row] = []
        try:
            self._list(deadline=deadline, rows=rows)
        except ProviderError as error:
            error.partial_quotes = quotes
            if self._has_token and error.permanent:
                raise self._without_list(error, wanted) from error
            raise
        finally:
            for row in rows:
                for symbol in wanted.get(symbol_of(row, "stock"), ()):
                    if quote := listed_quote(row, symbol):
                        quotes.setdefault(symbol, quote)
        return quotes

    def _without_list(self, error: ProviderError, wanted: Mapping[str, list[str]]) -> ProviderError:
        """Return an error that makes the next round request these stocks by name."""
        self._no_list_until = monotonic() + UNKNOWN_FOR_S
        return ProviderError(
            f"returns no list: {error}",
            fault="unfinished",
            partial_quotes=error.partial_quotes,
            unreached=symbols_of(wanted),
        )

    def _list(self, *, deadline: float, rows: list[Row] | None = None) -> list[Row]:
        """Return the rows of all pages of the market's list. Each page has its own timeout.

        That of the first page ends at `deadline`; the last page starts at most ROUND_S after the
        first. Raises: ProviderError.
        """
        rows = [] if rows is None else rows
        last_start = deadline - self._timeout + ROUND_S
        for number in range(1, MAX_PAGES + 1):
            if monotonic() > last_start:
                raise ProviderError("the time of the round is over", fault="unfinished")
            reply = self._calls.page(number, monotonic() + self._timeout)
            rows += object_rows(reply["stocks"])
            self._list_pages = max(self._list_pages, number)
            if reply.get("hasNextPage") is not True:
                self._list_pages = number
                return rows
        raise ProviderError(f"a list of more than {MAX_PAGES} pages", fault="bad_reply")
