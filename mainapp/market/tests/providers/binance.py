"""A local server that answers as Binance's market data does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mainapp.market.tests.providers.stub import StubServer, send

INVALID = {"code": -1121, "msg": "Invalid symbol."}


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class BinanceStub:
    """Tests set `at`, `pairs` (last prices), `closes` (before the day) and `answers`.

    A reply in `answers` (status, body, headers) replaces that of a path.
    """

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
        self.pairs = {"BTCBRL": "345678.12000000", "TINYBRL": "0.00012345"}
        self.closes = {"BTCBRL": "340000.00000000", "TINYBRL": "0.00012000"}
        self.day: dict[str, str] = {}
        self.ticker: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, bytes, str]] = {}
        self.shape: Callable[[Any], Any] = lambda reply: reply
        self.calls: list[tuple[str, dict[str, str]]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, query = urlsplit(self.path)[2:4]
                params = {name: values[0] for name, values in parse_qs(query).items()}
                stub.answer(self, path.removeprefix("/api/v3/"), params)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = StubServer(Handler, host="127.0.0.1")
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.stop()

    def paths(self) -> list[str]:
        return [path for path, _ in self.calls]

    def answer(self, request: Any, path: str, params: dict[str, str]) -> None:
        self.calls.append((path, params))
        if path in self.answers:
            status, body, pause = self.answers[path]
            send(request, body, status=status, retry_after=pause)
            return
        status, reply = self._reply(path, params)
        send(request, json.dumps(self.shape(reply)).encode(), status=status)

    def _reply(self, path: str, params: dict[str, str]) -> tuple[int, Any]:
        names = json.loads(params["symbols"]) if "symbols" in params else [params["symbol"]]
        if any(name not in self.pairs for name in names):
            return 400, INVALID
        if path == "klines":
            return 200, self._klines(names[0], params)
        row = self._rolling if path == "ticker/24hr" else self._trading_day
        return 200, [row(name, params) for name in names]

    def _rolling(self, name: str, params: dict[str, str]) -> dict[str, Any]:
        price = float(self.pairs[name])
        return {
            "symbol": name,
            "lastPrice": self.pairs[name],
            "prevClosePrice": f"{price * 0.7:.8f}",  # of 24 hours ago: never ours
            "openPrice": f"{price * 0.7:.8f}",
            "highPrice": f"{price * 1.3:.8f}",
            "lowPrice": f"{price * 0.6:.8f}",
            "volume": "999.00000000",
            "closeTime": milliseconds(self.at),
        } | self.ticker

    def _trading_day(self, name: str, params: dict[str, str]) -> dict[str, Any]:
        hours = int(params["timeZone"])
        local = self.at + timedelta(hours=hours)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=hours)
        price = float(self.pairs[name])
        return {
            "symbol": name,
            "openPrice": f"{price * 0.99:.8f}",
            "highPrice": f"{price * 1.01:.8f}",
            "lowPrice": f"{price * 0.98:.8f}",
            "volume": "12.34567000",
            "openTime": milliseconds(midnight),
            "closeTime": milliseconds(midnight + timedelta(days=1)) - 1,
        } | self.day

    def _klines(self, name: str, params: dict[str, str]) -> list[list[Any]]:
        step = {"1m": 60_000, "15m": 900_000, "1d": 86_400_000}[params["interval"]]
        offset = -int(params.get("timeZone", "0")) * 3_600_000
        end = min(int(params["endTime"]), milliseconds(self.at))
        limit = int(params["limit"])
        first = int(params.get("startTime", end - limit * step + 1))
        start = -(-(first - offset) // step) * step + offset
        close = self.closes[name]
        return [
            [at, close, close, close, close, "1.50000000", at + step - 1, "0", 1, "0", "0", "0"]
            for at in range(start, end + 1, step)
        ][:limit]
