"""A stub of the remote sources: replies in their documented shapes, or with a selected fault."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from mainapp.core.tests.http.server import StubServer

NOW = int(time.time())
PRICES = {"PETR4": 38.42, "VALE3": 61.07, "ITUB4": 35.5, "MGLU3": 9.1, "^BVSP": 158_554.7}
DAYS = [NOW // 86_400 * 86_400 - day * 86_400 + 13 * 3600 for day in (3, 2, 1)]
HTML = "<!doctype html><html><body><h1>We will be right back</h1></body></html>"


def scaled(price: Any, value: float) -> float:
    """Return PETR4's `value` in proportion to another stock's price."""
    is_number = isinstance(price, int | float) and 0 < price < 1e9
    return round(value * (price / PRICES["PETR4"] if is_number else 1), 2)


def regular(symbol: str, price: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "shortName": f"{symbol} short",
        "longName": f"{symbol} long",
        "currency": "BRL",
        "regularMarketPrice": price,
        "regularMarketTime": NOW - 900,
        "regularMarketPreviousClose": scaled(price, 38.21),
        "regularMarketOpen": scaled(price, 38.3),
        "regularMarketDayHigh": scaled(price, 38.9),
        "regularMarketDayLow": scaled(price, 38.01),
        "regularMarketVolume": 23_456_700,
        "marketCap": 498_200_000_000,
        "fiftyTwoWeekLow": scaled(price, 28.86),
        "fiftyTwoWeekHigh": scaled(price, 41.2),
    }


def fmp_row(symbol: str, price: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "name": f"{symbol} name",
        "price": price,
        "changePercentage": 0.5495943,
        "change": scaled(price, 0.21),
        "volume": 23_456_700,
        "dayLow": scaled(price, 38.01),
        "dayHigh": scaled(price, 38.9),
        "yearHigh": scaled(price, 41.2),
        "yearLow": scaled(price, 28.86),
        "marketCap": 498_200_000_000,
        "exchange": "SAO" if symbol.endswith(".SA") else "INDEX",
        "open": scaled(price, 38.3),
        "previousClose": scaled(price, 38.21),
        "timestamp": NOW - 900,
    }


RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "ytd", "1y", "5y", "max")


@dataclass
class Plan:
    """The limits of a plan of brapi; more is refused with `status` and the plan's message."""

    batch_size: int = 20
    longest_range: str = "max"
    malformed: frozenset[str] = frozenset()
    allows_access: bool = True
    status: int = 400

    def refusal(self, symbols: list[str], range_: str | None) -> str:
        """Return the words of a refusal, or an empty string."""
        if not self.allows_access:
            return "Seu plano não inclui este endpoint."
        if bad := [symbol for symbol in symbols if symbol in self.malformed]:
            return f"Símbolo inválido: {bad[0]}"
        if len(symbols) > self.batch_size:
            return f"Seu plano permite até {self.batch_size} ativo(s) por requisição."
        if range_ and RANGES.index(range_) > RANGES.index(self.longest_range):
            return f"Range {range_} não disponível no seu plano."
        return ""


class Stub:
    """The stub server.

    Tests set `fault`, `prices`, `plan` or `shape`, and read `paths` and `headers`.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.fault = ""
        self.moved_to = ""
        self.plan = Plan()
        self.has_list = True
        self.has_batches = True  # whether the plan of fmp has its endpoint
        self.events: dict[str, Any] = {}  # dividendsData of brapi, events of yahoo
        self.delay_s = 0.0  # of every answer
        self.prices: dict[str, Any] = dict(PRICES)
        self.shape: Callable[[Any], Any] = lambda reply: reply
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.ended = Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stub.paths.append(self.path)
                stub.headers.append({k.lower(): v for k, v in self.headers.items()})
                try:
                    stub.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                pass

        self._server = StubServer(Handler, host=host)
        self.url = f"http://{host}:{self._server.server_port}"

    def close(self) -> None:
        self.ended.set()
        self._server.stop()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(request.path)[2:4]
        if path in ("/", "/v1/test/getcrumb"):  # Yahoo's cookie and crumb never fail
            send(request, b"crumb")
            return
        self.ended.wait(self.delay_s)
        if self.fault and (act := getattr(self, f"_{self.fault}", None)):
            act(request)
            return
        status, reply = self._reply(unquote(path), parse_qs(query))
        body = reply if isinstance(reply, str) else json.dumps(self.shape(reply))
        send(request, body.encode(), status=status)

    def _reply(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if path == "/api/quote/list" and self.has_list:
            return 200, self._brapi_list()
        if path.startswith("/api/quote/"):
            return self._brapi(path.removeprefix("/api/quote/").split(","), query)
        if path.startswith("/stable/"):
            return self._fmp(path, query)
        if path == "/v7/finance/quote":
            return 200, self._yahoo(query["symbols"][0].split(","))
        if path.startswith("/v8/finance/chart/"):
            return self._chart(path.removeprefix("/v8/finance/chart/"))
        if path.startswith("/quote/"):
            return self._page(path.removeprefix("/quote/"))
        if path.startswith("/wiki/"):
            return 200, INDEX_PAGE
        return 404, HTML

    def _brapi(self, symbols: list[str], query: dict[str, list[str]]) -> tuple[int, Any]:
        if words := self.plan.refusal(symbols, query.get("range", [None])[0]):
            return self.plan.status, {"error": True, "message": words}
        if unknown := [symbol for symbol in symbols if symbol not in self.prices]:
            return 404, {"error": True, "message": f"Não encontramos a ação {unknown[0]}"}
        rows = [regular(symbol, self.prices[symbol]) for symbol in symbols]
        if "range" in query:
            candle = {"open": 38.0, "high": 39.0, "low": 37.5, "close": 38.5, "volume": 100}
            rows[0]["historicalDataPrice"] = [{"date": at, **candle} for at in DAYS]
        if "dividends" in query:
            rows[0]["dividendsData"] = self.events.get("brapi", {})
        return 200, {"results": rows, "requestedAt": "2026-01-05T12:00:00.000Z", "took": "8ms"}

    def _fmp(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if query.get("apikey") != ["secret-key"]:
            return 401, {
                "Error Message": "Invalid API KEY. Please retry or visit our documentation"
            }
        is_batch = path == "/stable/batch-quote"
        if is_batch and not self.has_batches:
            return 402, {"Error Message": "Restricted Endpoint: upgrade from secret-key"}
        symbols = query["symbols" if is_batch else "symbol"][0].split(",")
        rows = ((symbol, symbol.removesuffix(".SA")) for symbol in symbols)
        return 200, [fmp_row(name, self.prices[key]) for name, key in rows if key in self.prices]

    def _brapi_list(self) -> dict[str, Any]:
        stocks = [
            {"stock": symbol, "name": symbol.title(), "close": price, "change": 0.5495943,
             "volume": 100, "market_cap": 10**9, "sector": "Energy Minerals", "type": "stock",
             "logo": "x.svg"}
            for symbol, price in self.prices.items()
            if symbol[0] != "^"
        ]  # fmt: skip
        return {"indexes": [{"stock": "^BVSP", "name": "IBOVESPA"}], "stocks": stocks}

    def _yahoo(self, symbols: list[str]) -> dict[str, Any]:
        rows = [
            regular(symbol, self.prices[symbol.removesuffix(".SA")]) | {"exchangeDataDelayedBy": 15}
            for symbol in symbols
            if symbol.removesuffix(".SA") in self.prices
        ]
        return {"quoteResponse": {"result": rows, "error": None}}

    def _chart(self, symbol: str) -> tuple[int, Any]:
        price = self.prices.get(symbol.removesuffix(".SA"))
        if symbol.removesuffix(".SA") not in self.prices:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return 404, {"chart": {"result": None, "error": error}}
        prices = {name: [38.0, None, price] for name in ("open", "high", "low", "close")}
        quote = {**prices, "volume": [100, None, 300]}
        indicators = {"quote": [quote], "adjclose": [{"adjclose": prices["close"]}]}
        meta = {"symbol": symbol, "currency": "BRL"}
        result = {"meta": meta, "timestamp": DAYS, "indicators": indicators}
        if "yahoo" in self.events:
            result["events"] = self.events["yahoo"]
        return 200, {"chart": {"result": [result], "error": None}}

    def _page(self, symbol: str) -> tuple[int, str]:
        if symbol.removesuffix(".SA") not in self.prices:
            return 404, HTML
        return 200, quote_page(self.prices[symbol.removesuffix(".SA")])

    # Faults

    def _rate_limited(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"Too Many Requests", status=429)

    def _rate_limited_seconds(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"Too Many Requests", status=429, retry_after="7")

    def _rate_limited_date(self, request: BaseHTTPRequestHandler) -> None:
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
        send(request, b"Too Many Requests", status=429, retry_after=until)

    def _unauthorized(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b'{"error":true}', status=401)

    def _payment(self, request: BaseHTTPRequestHandler) -> None:
        send(request, HTML.encode(), status=402)

    def _broken(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"Internal Server Error", status=500)

    def _html(self, request: BaseHTTPRequestHandler) -> None:
        send(request, HTML.encode())

    def _empty(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"")

    def _list(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"[]")

    def _deep(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"[" * 100_000)

    def _truncated(self, request: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"results": [regular("PETR4", 38.42)]}).encode()
        send(request, body[:40], length=len(body))
        request.close_connection = True

    def _cut(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b'{"results": [{"symbol": "PETR4", "regularMarketPri')

    def _hang(self, request: BaseHTTPRequestHandler) -> None:
        self.ended.wait(20)

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"", length=10**6)
        while not self.ended.wait(0.05):
            request.wfile.write(b" ")

    def _drip_headers(self, request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.ended.wait(0.05):
            request.wfile.write(b"X-Slow: 1\r\n")

    def _moved(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", self.moved_to + request.path)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _huge(self, request: BaseHTTPRequestHandler) -> None:
        send(request, b"", length=10**9)
        for _ in range(10_000):
            request.wfile.write(b" " * 100_000)


def send(
    request: BaseHTTPRequestHandler,
    body: bytes,
    *,
    status: int = 200,
    length: int | None = None,
    retry_after: str = "",
) -> None:
    request.send_response(status)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    if retry_after:
        request.send_header("Retry-After", retry_after)
    request.end_headers()
    request.wfile.write(body)


def _table(rows: dict[str, str]) -> str:
    cells = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows.items())
    return f"<table><tbody>{cells}</tbody></table>"


def quote_page(price: Any) -> str:
    def at(value: float) -> str:
        return f"{scaled(price, value):.2f}"

    return "<html><body>{}{}</body></html>".format(
        _table(
            {
                "Previous Close": at(38.21),
                "Open": at(38.3),
                "Bid": "38.41 x 1000",
                "Ask": "38.43 x 1000",
                "Day's Range": f"{at(38.01)} - {at(38.9)}",
                "52 Week Range": f"{at(28.86)} - {at(41.2)}",
                "Volume": "23,456,700",
                "Avg. Volume": "30,000,000",
            }
        ),
        _table(
            {
                "Market Cap": "498.2B",
                "Beta (5Y Monthly)": "1.10",
                "PE Ratio (TTM)": "6.2",
                "EPS (TTM)": "6.20",
                "Earnings Date": "Feb 26, 2026",
                "Forward Dividend & Yield": "3.1 (8.1%)",
                "Ex-Dividend Date": "Dec 22, 2025",
                "1y Target Est": "41.00",
            }
        ),
    )


INDEX_PAGE = (
    "<table><thead><tr><th>Código</th><th>Ação</th><th>Setor</th><th>Tipo</th><th>Site</th></tr>"
    "</thead><tbody><tr><td>PETR4</td><td>Petrobras</td><td>Petróleo</td><td>PN</td><td>x</td></tr>"
    "<tr><td>VALE3</td><td>Vale</td><td>Mineração</td><td>ON</td><td>y</td></tr></tbody></table>"
)
