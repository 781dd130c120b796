"""Yahoo Finance through yfinance's session: many quotes per call, history by the chart endpoint.

yfinance handles the cookie and the crumb that Yahoo requires; curl_cffi imitates a browser.
yfinance's `YfData` is a singleton that uses the session of its last caller.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from threading import Lock, local
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.base import Budget, Limit, Listing, ProviderError, ReportedEvent
from mainapp.market.providers.client import (
    MAX_BYTES,
    CallCounter,
    check_site,
    check_status,
    move_url,
    parse_json,
)
from mainapp.market.providers.replies import (
    check_currency,
    object_rows,
    source_symbols,
    symbol_of,
    symbols_of,
    to_bars,
    to_quote,
)
from mainapp.market.providers.reported import yahoo_events
from mainapp.market.providers.threads import gather, merge_quotes
from mainapp.market.quotes import Bar, Quote, to_count

if TYPE_CHECKING:
    from curl_cffi.requests import Response, Session

URL = "https://query1.finance.yahoo.com"
SUFFIX = ".SA"
SYMBOLS_A_CALL = 200
DELAY_S = 15 * 60
MAX_DELAY_MINUTES = 24 * 60
# Yahoo keeps minutes for a week and quarters of an hour for two months; it refuses longer ranges.
LONGEST_RANGE = {"1m": ("1d", "5d"), "15m": ("1d", "5d", "1mo")}
EVENT_RANGE = "2y"
# Exceptions that yfinance raises for an unexpected page.
LIBRARY_FAULTS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError)

Result = TypeVar("Result")
_call = local()  # the deadline of this thread's call, and the CallCounter that counts it


class YahooProvider:
    """A QuoteProvider for Yahoo Finance."""

    name = "yahoo"
    kind: QuoteKind = "real"
    lists_all = False
    gives_events = True

    def __init__(
        self, *, url: str = URL, timeout: float = 3.0, proxy: str = "", budget: Budget | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._proxy = proxy
        self._counter = CallCounter()
        self._lock = Lock()
        self._session: Session[Any] | None = None
        self.budget = budget

    def load(self) -> None:
        import curl_cffi.requests  # noqa: F401
        import yfinance.data  # noqa: F401 - pandas comes with it

    def calls_for(self, symbols: Sequence[str]) -> int:
        return len(self._batches(symbols))

    def calls_made(self) -> int:
        return self._counter.pop()

    def tickers(self) -> list[Listing]:
        raise ProviderError("has no list of the exchange's stocks", fault="not_given")

    def limits(self) -> list[Limit]:
        return []

    def gives_whole(self, range_: str, interval: str) -> bool:
        return range_ in LONGEST_RANGE.get(interval, (range_,))

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        batches = self._batches(symbols)
        results = self._run_jobs([partial(self._batch, wanted) for wanted in batches])
        return merge_quotes(results, map(symbols_of, batches))

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        name = next(iter(source_symbols([symbol], suffix=SUFFIX)), None)
        if name is None:
            raise ProviderError(f"has no {symbol}", fault="not_given", permanent=True)
        known = LONGEST_RANGE.get(interval)
        range_ = range_ if known is None or range_ in known else known[-1]
        (result,) = self._run_jobs([partial(self._chart, name, range_, interval)])
        if isinstance(result, ProviderError):
            raise result
        if not result:
            raise ProviderError(f"has no history of {symbol}", fault="not_given", permanent=True)
        return result

    def events(self, symbol: str) -> list[ReportedEvent]:
        name = next(iter(source_symbols([symbol], suffix=SUFFIX)), None)
        if name is None or name[0] == "^":
            raise ProviderError(f"has no events of {symbol}", fault="not_given", permanent=True)
        (result,) = self._run_jobs([partial(self._events, name)])
        if isinstance(result, ProviderError):
            raise result
        return result

    def _batches(self, symbols: Sequence[str]) -> list[dict[str, list[str]]]:
        wanted = list(source_symbols(symbols, suffix=SUFFIX).items())
        starts = range(0, len(wanted), SYMBOLS_A_CALL)
        return [dict(wanted[start : start + SYMBOLS_A_CALL]) for start in starts]

    def _batch(self, wanted: Mapping[str, list[str]]) -> dict[str, Quote]:
        try:
            reply = self._get("/v7/finance/quote", {"symbols": ",".join(wanted)})
        except ProviderError as error:
            if error.fault != "not_given":  # Yahoo omits an unknown stock and answers 200
                raise
            raise ProviderError(str(error), fault="bad_reply", permanent=True) from error
        response = reply.get("quoteResponse")
        if not isinstance(response, dict) or not isinstance(response.get("result"), list):
            raise ProviderError("a reply without quotes", fault="bad_reply")
        quotes: dict[str, Quote] = {}
        for row in object_rows(response["result"]):
            for symbol in wanted.get(symbol_of(row), ()):
                delay_s = _delay_s(row.get("exchangeDataDelayedBy"))
                quote = to_quote(row, symbol=symbol, source=self.name, delay_s=delay_s)
                if quote:
                    quotes.setdefault(symbol, quote)
        return quotes

    def _chart(self, name: str, range_: str, interval: str) -> list[Bar]:
        reply = self._get(f"/v8/finance/chart/{name}", {"range": range_, "interval": interval})
        return to_bars(chart_rows(reply, name), daily=interval == "1d")

    def _events(self, name: str) -> list[ReportedEvent]:
        params = {"range": EVENT_RANGE, "interval": "1d", "events": "div,splits"}
        return yahoo_events(chart_result(self._get(f"/v8/finance/chart/{name}", params), name))

    def _get(self, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the JSON object of Yahoo's reply. Raises: ProviderError."""
        from curl_cffi.requests.exceptions import RequestException, Timeout
        from yfinance.data import YfData
        from yfinance.exceptions import YFException, YFRateLimitError

        try:
            data = YfData(session=self._current_session())
            response = data.get(f"{URL}{path}", params=dict(params), timeout=self._timeout)
        except Timeout as error:
            raise ProviderError("no answer in time", fault="timeout") from error
        except RequestException as error:
            reason = str(error).removeprefix("Failed to perform, ").partition(" See https://")[0]
            raise ProviderError(f"no connection: {reason}", fault="unreachable") from error
        except YFRateLimitError as error:
            raise ProviderError("too many requests (429)", fault="rate_limited") from error
        except (YFException, ValueError, *LIBRARY_FAULTS) as error:
            raise ProviderError(f"yfinance failed: {error!r}", fault="bad_reply") from error
        check_status(response.status_code, response.headers.get("Retry-After"))
        reply = parse_json(response.content)
        if not isinstance(reply, dict):
            raise ProviderError("a reply of another shape", fault="bad_reply")
        return reply

    def _run_jobs(self, jobs: Sequence[Callable[[], Result]]) -> list[Result | ProviderError]:
        """Run jobs in threads, each with its own deadline."""

        def run(job: Callable[[], Result]) -> Result:
            _call.deadline, _call.counter = monotonic() + self._timeout, self._counter
            return job()

        return gather([partial(run, job) for job in jobs], workers=2, timeout=self._timeout)

    def _current_session(self) -> "Session[Any]":
        with self._lock:
            if self._session is None:
                _use_own_cache()
                self._session = _session_class(self._url)(
                    impersonate="chrome",
                    proxy=self._proxy or None,
                    trust_env=False,
                    max_redirects=5,
                    curl_options=_limits(),
                )
            return self._session


def chart_result(reply: Mapping[str, Any], symbol: str) -> Mapping[str, Any]:
    """Return the result for a stock in a chart endpoint's reply. Raises: ProviderError."""
    chart = reply.get("chart")
    results = object_rows(chart.get("result")) if isinstance(chart, dict) else []
    if not results:
        raise ProviderError("a reply without a chart", fault="bad_reply")
    meta = results[0].get("meta")
    if isinstance(meta, dict) and meta.get("symbol") not in (None, symbol):
        raise ProviderError(f"answered for a stock other than {symbol}", fault="bad_reply")
    return results[0]


def chart_rows(reply: Mapping[str, Any], symbol: str) -> list[dict[str, Any]]:
    """Return the rows of a chart endpoint's reply. Raises: ProviderError."""
    result = chart_result(reply, symbol)
    meta = result.get("meta")
    if isinstance(meta, dict):
        check_currency(meta.get("currency"))
    times, indicators = result.get("timestamp"), result.get("indicators")
    quotes = object_rows(indicators.get("quote")) if isinstance(indicators, dict) else []
    if not isinstance(times, list) or not quotes:
        return []
    columns = {name: quotes[0].get(name) for name in ("open", "high", "low", "close", "volume")}
    return [
        {"date": at} | {name: _item(column, number) for name, column in columns.items()}
        for number, at in enumerate(times)
    ]


def _item(column: Any, number: int) -> Any:
    return column[number] if isinstance(column, list) and number < len(column) else None


def _delay_s(minutes: Any) -> int:
    count = to_count(minutes)
    return DELAY_S if count is None else min(count, MAX_DELAY_MINUTES) * 60


@cache
def _session_class(address: str) -> Any:
    """Return a session class that enforces deadlines, counts calls and can use another address."""
    from curl_cffi.requests import Session

    class BoundedSession(Session[Any]):
        def request(self, method: Any, url: str, **options: Any) -> "Response":  # type: ignore[override]  # its thirty options pass through
            left = _call.deadline - monotonic()
            if left <= 0:
                raise ProviderError("no answer in time", fault="timeout")
            _call.counter.add()
            options["timeout"] = left
            moved_url = move_url(url, address, default=URL)
            response: Response = super().request(method, moved_url, **options)
            # yfinance requests a new crumb after 401 and 403, and handles no other status.
            if "/finance/" in url and response.status_code not in (401, 403):
                check_site(moved_url, response.url)
                check_status(response.status_code, response.headers.get("Retry-After"))
            return response

    return BoundedSession


def _limits() -> dict[Any, int]:
    from curl_cffi import CurlOpt

    return {CurlOpt.MAXFILESIZE_LARGE: MAX_BYTES}


@cache
def _use_own_cache() -> None:
    """Use a separate cache per process: yfinance's SQLite files do not allow several writers."""
    from yfinance.cache import set_cache_location

    folder = tempfile.mkdtemp(prefix="pregao-yfinance-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    set_cache_location(folder)
