"""A stub of brapi whose prices start at 30.00, move up or down on command, and then stay."""

import json
import time
from collections.abc import Sequence
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

START, MOVE = Decimal("30.00"), Decimal("3.00")
CENT = Decimal("0.01")


class Market:
    """A local server: every other symbol rises by MOVE during the ramp, the others fall by it."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self.symbols = list(symbols)
        self._started_at: float | None = None
        self._ramp_s = 1.0
        market = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                market.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def start_ramp(self, ramp_s: float) -> None:
        self._started_at, self._ramp_s = time.monotonic(), ramp_s

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def rises(self, symbol: str) -> bool:
        return self.symbols.index(symbol) % 2 == 0

    def price(self, symbol: str) -> Decimal:
        done = 0.0
        if self._started_at is not None:
            done = min((time.monotonic() - self._started_at) / self._ramp_s, 1.0)
        return self._moved(symbol, (MOVE * Decimal(done)).quantize(CENT))

    def last_price(self, symbol: str) -> Decimal:
        """Return the price at the end of the ramp."""
        return self._moved(symbol, MOVE)

    def _moved(self, symbol: str, by: Decimal) -> Decimal:
        return START + by if self.rises(symbol) else START - by

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        symbols = path.removeprefix("/api/quote/").split(",")
        rows = [self._row(symbol) for symbol in symbols if symbol in self.symbols]
        body = json.dumps({"results": rows} if rows else {"error": True}).encode()
        try:
            request.send_response(200 if rows else 404)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True  # the client was killed

    def _row(self, symbol: str) -> dict[str, object]:
        return {
            "symbol": symbol,
            "longName": symbol,
            "currency": "BRL",
            "regularMarketPrice": float(self.price(symbol)),
            "regularMarketTime": int(time.time()),
            "regularMarketPreviousClose": float(START),
        }
