"""yahoo_fin, a legacy source that reads Yahoo's web pages; always last in the chain.

The library is unmaintained: it needs an older pandas and has no timeouts. All repairs are in this
file, as replacements of names in the library's module: `requests` with a deadline and a
configurable address, `pd` with the methods that pandas has removed, and `get_live_price` without
the index `[-1]`, which pandas now refuses.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache, partial
from io import StringIO
from threading import Lock, local
from time import monotonic
from types import ModuleType, SimpleNamespace
from typing import Any, Literal, TypeVar

from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.base import Budget, Limit, Listing, ProviderError, WithoutEvents
from mainapp.market.providers.client import SourceClient, move_url, parse_json
from mainapp.market.providers.replies import source_symbols, to_bars, to_name, to_price, to_size
from mainapp.market.providers.threads import gather, merge_quotes
from mainapp.market.quotes import Bar, Quote, to_count, to_money
from mainapp.market.symbols import canonical

URL = "https://finance.yahoo.com"
SUFFIX = ".SA"
DELAY_S = 15 * 60
CALLS_A_STOCK = 2  # the page, and the chart for the price
WORKERS = 8
DAYS = {"5d": 7, "1mo": 31, "3mo": 92, "6mo": 183, "1y": 366, "5y": 1827, "max": 36_500}
AMOUNT = re.compile(r"([0-9][0-9.,]*)\s*([KMBT]?)")
SCALES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
# Exceptions that the library raises for an unexpected page; SyntaxError comes from lxml.
LIBRARY_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)

Result = TypeVar("Result")
_import_lock = Lock()
_call = local()  # the deadline and the address of this thread's call, and its client


class YahooFinProvider(WithoutEvents):
    """A QuoteProvider that reads Yahoo's pages through yahoo_fin."""

    name = "yahoo_fin"
    kind: QuoteKind = "real"
    lists_all = False

    def __init__(
        self, *, url: str = URL, timeout: float = 3.0, proxy: str = "", budget: Budget | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._client = SourceClient(proxy=proxy)
        self.budget = budget

    def load(self) -> None:
        self._client.load()
        _library()

    def calls_for(self, symbols: Sequence[str]) -> int:
        return CALLS_A_STOCK * len(source_symbols(symbols, suffix=SUFFIX))

    def calls_made(self) -> int:
        return self._client.counter.pop()

    def tickers(self) -> list[Listing]:
        """Return the index's stocks, which yahoo_fin reads from Wikipedia."""
        (table,) = self._run_jobs([lambda: _library().tickers_ibovespa(include_company_data=True)])
        if isinstance(table, ProviderError):
            raise table
        rows = zip(table["Symbol"], table["Share"], table["Sector"], strict=True)
        return [
            Listing(symbol=known, name=to_name(share), sector=to_name(sector))
            for symbol, share, sector in rows
            if (known := canonical(str(symbol)))
        ]

    def limits(self) -> list[Limit]:
        return []

    def gives_whole(self, range_: str, interval: str) -> bool:
        return True

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        names = source_symbols(symbols, suffix=SUFFIX)
        results = self._run_jobs(
            [partial(_stock, name, requested) for name, requested in names.items()]
        )
        if any(isinstance(result, dict) for result in results):
            # If some pages are readable, an unreadable one does not count against the source.
            results = [
                {} if isinstance(result, ProviderError) and result.fault == "bad_reply" else result
                for result in results
            ]
        return merge_quotes(results, names.values())

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        name = next(iter(source_symbols([symbol], suffix=SUFFIX)), None)
        if name is None or interval not in ("1m", "1d"):
            raise ProviderError(
                f"has no {interval} history of {symbol}", fault="not_given", permanent=True
            )
        (rows,) = self._run_jobs([partial(_rows, name, range_, interval)])
        if isinstance(rows, ProviderError):
            raise rows
        if bars := to_bars(rows, daily=interval == "1d"):
            return bars
        raise ProviderError(f"has no history of {symbol}", fault="not_given", permanent=True)

    def _run_jobs(self, jobs: Sequence[Callable[[], Result]]) -> list[Result | ProviderError]:
        """Run jobs in threads, each with its own deadline; library errors become ProviderError."""

        def run(job: Callable[[], Result]) -> Result:
            _call.client, _call.address = self._client, self._url
            _call.deadline = monotonic() + self._timeout
            try:
                return job()
            except LIBRARY_FAULTS as error:
                raise ProviderError(
                    "the page is not one that yahoo_fin can read", fault="bad_reply", permanent=True
                ) from error

        return gather([partial(run, job) for job in jobs], workers=WORKERS, timeout=self._timeout)


def _stock(name: str, symbols: Sequence[str]) -> dict[str, Quote]:
    table = _library().get_quote_table(name)
    price = to_money(table.get("Quote Price"))
    if price is None:
        return {}
    low, high = _range(table.get("Day's Range"))
    year_low, year_high = _range(table.get("52 Week Range"))
    return {
        symbol: Quote(
            symbol=symbol,
            price=price,
            source=YahooFinProvider.name,
            kind="real",
            currency="",  # not in the page's table
            delay_s=DELAY_S,
            previous_close=to_price(table.get("Previous Close")),
            open=to_price(table.get("Open")),
            high=high,
            low=low,
            volume=to_count(table.get("Volume")),
            market_cap=_amount(table.get("Market Cap")),
            year_low=year_low,
            year_high=year_high,
        )
        for symbol in symbols
    }


def _rows(name: str, range_: str, interval: str) -> list[dict[str, Any]]:
    import pandas

    today = pandas.Timestamp.today()
    days = 7 if interval == "1m" else DAYS.get(range_, 5 if range_ == "1d" else today.day_of_year)
    frame = _library().get_data(
        name,
        start_date=today - pandas.DateOffset(days=days),
        end_date=today + pandas.DateOffset(days=1),
        interval=interval,
    )
    columns = ["open", "high", "low", "close", "volume"]
    return [
        {"date": at.timestamp(), **dict(zip(columns, values, strict=True))}
        for at, *values in frame[columns].itertuples(name=None)
    ]


def _range(value: Any) -> tuple[Decimal | None, Decimal | None]:
    """Return the low and the high of `38.01 - 38.90`."""
    low, _, high = str(value).partition(" - ")
    return to_price(low), to_price(high)


def _amount(value: Any) -> Decimal | None:
    """Return an amount such as `498.2B` as money."""
    match = AMOUNT.fullmatch(str(value).strip())
    number = to_money(match[1]) if match else None
    return None if match is None or number is None else to_size(number * SCALES[match[2]])


@cache
def _library() -> Any:
    """Return yahoo_fin's module, repaired."""
    import pandas

    stock_info = _load_library()

    def live_price(ticker: str) -> Any:
        today, week = pandas.Timestamp.today(), pandas.DateOffset(days=7)
        # Not the last row that has a price: yesterday's is not a live price.
        return stock_info.get_data(ticker, today - week, today + week)["close"].iloc[-1]

    library_names = vars(stock_info)
    library_names["requests"] = SimpleNamespace(get=_get)
    library_names["pd"] = _legacy_pandas()
    library_names["get_live_price"] = live_price
    return stock_info


def _load_library() -> Any:
    """Import yahoo_fin without its warning about a missing requests_html."""
    with _import_lock:
        sys.modules["requests_html"] = ModuleType("requests_html")
        vars(sys.modules["requests_html"])["HTMLSession"] = None
        try:
            from yahoo_fin import stock_info
        finally:
            del sys.modules["requests_html"]
    return stock_info


def _legacy_pandas() -> SimpleNamespace:
    """Return the parts of pandas that the library uses, with their old behaviour."""
    import pandas

    class Frame(pandas.DataFrame):
        @property
        def _constructor(self) -> type["Frame"]:
            return Frame

        def append(self, other: pandas.DataFrame) -> "Frame":
            return Frame(pandas.concat([self, other]))

    class Moment:
        """A time that accepts `floor("d")`: pandas now requires a capital letter."""

        def __init__(self, at: pandas.Timestamp) -> None:
            self._at = at

        def floor(self, unit: str) -> pandas.Timestamp:
            return self._at.floor(unit.upper())

        def timestamp(self) -> float:
            return self._at.timestamp()

    def read_html(source: str) -> list[Frame]:
        text = _get(source).text if source.startswith("https://") else source
        return [Frame(table) for table in pandas.read_html(StringIO(text))]

    def to_datetime(times: Sequence[Any], unit: Literal["s"]) -> "pandas.Index[Any]":
        moments = [Moment(pandas.Timestamp(time, unit=unit)) for time in times]
        return pandas.Index(moments, dtype=object)

    return SimpleNamespace(
        DataFrame=Frame,
        DateOffset=pandas.DateOffset,
        Timestamp=pandas.Timestamp,
        read_html=read_html,
        to_datetime=to_datetime,
    )


def _get(
    url: str, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> SimpleNamespace:
    """Replace requests.get: with our limits and User-Agent, and an error for any bad status."""
    texts = {name: str(value) for name, value in (params or {}).items()}
    address = move_url(url, _call.address, default=URL)
    reply = _call.client.get(address, texts or None, deadline=_call.deadline)
    return SimpleNamespace(text=reply.text, ok=True, json=lambda: parse_json(reply.body))
