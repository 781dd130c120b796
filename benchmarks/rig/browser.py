"""A simulated tracker page, which marks prices stale and reconnects like the real script.

The rules are those of `static/mainapp/js/core/connection.js` and `market/socket.js`;
tests/e2e/test_connections.py runs the scripts themselves in a browser.
"""

import asyncio
import contextlib
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Origin

SILENCE_S, DEAD_S, CHECK_S, CONNECT_S = 2.8, 8.0, 0.4, 8.0
MIN_DELAY_S, MAX_DELAY_S = 0.5, 15.0


def reconnect_delay(outage_s: float) -> float:
    ceiling = min(MAX_DELAY_S, max(2 * MIN_DELAY_S, outage_s / 2))
    return MIN_DELAY_S + random.random() * (ceiling - MIN_DELAY_S)  # noqa: S311 - jitter


@dataclass
class Page:
    """One page; its times are monotonic seconds."""

    url: str
    symbols: list[str]
    is_live: bool = False
    states: list[tuple[float, str]] = field(default_factory=list)
    quotes: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _epoch: str | None = None
    _seq: int | None = None
    _frame_at: float = 0.0
    _lost_at: float | None = None
    _socket: ClientConnection | None = None

    async def run(self) -> None:
        """Stay open until cancelled."""
        checking = asyncio.create_task(self._check_silence())
        try:
            while True:
                with contextlib.suppress(OSError, WebSocketException, InvalidHandshake):
                    await self._session()
                self._lost_at = self._lost_at or time.monotonic()
                self._set_state("closed")
                await asyncio.sleep(reconnect_delay(time.monotonic() - self._lost_at))
        finally:
            checking.cancel()

    def newest(self, symbol: str) -> str:
        """Return the `quoted_at` of the displayed price, "" without a price."""
        return str(self.quotes.get(symbol, {}).get("quoted_at", ""))

    def stale_since(self, started_at: float) -> float | None:
        """Return the time at which the page was first marked stale after `started_at`, or None."""
        return next((at for at, state in self.states if at >= started_at and state != "live"), None)

    async def _session(self) -> None:
        query = "&".join(f"stockpicker={symbol}" for symbol in self.symbols)
        since = "" if self._epoch is None else f"&epoch={self._epoch}&seq={self._seq}"
        async with connect(
            f"{self.url.replace('http', 'ws', 1)}/ws/stock/track/?{query}{since}",
            origin=Origin(self.url),
            proxy=None,
            open_timeout=CONNECT_S,
            close_timeout=0.1,
            ping_interval=None,
        ) as self._socket:
            self._frame_at = time.monotonic()
            async for text in self._socket:
                self._apply(json.loads(text))
        self.codes.append(self._socket.close_code or 1006)

    async def _check_silence(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            silence_s = time.monotonic() - self._frame_at
            if self._socket is None or self._lost_at is not None:
                continue
            if silence_s > DEAD_S:
                self._socket.transport.abort()
            elif silence_s > SILENCE_S:
                self._set_state("silent")

    def _apply(self, frame: dict[str, Any]) -> None:
        self._frame_at = time.monotonic()
        kind = frame["type"]
        if kind == "snapshot":
            self._lost_at = None
            self._epoch = frame["epoch"]
        if kind in ("snapshot", "update"):
            self._seq = frame["seq"]
        for symbol, fields in frame.get("quotes", {}).items():
            known = {} if kind == "snapshot" else self.quotes.get(symbol, {})
            self.quotes[symbol] = known | fields
        feed = frame.get("feed", "live" if kind == "update" else None)
        if feed is not None:
            self._set_state(feed)
        self.changed.set()

    def _set_state(self, state: str) -> None:
        self.is_live = state == "live"
        if not self.states or self.states[-1][1] != state:
            self.states.append((time.monotonic(), state))
        self.changed.set()


class Pages:
    """Several pages at once: `async with Pages(url, symbols, 10) as pages`."""

    def __init__(self, url: str, symbols: list[str], count: int) -> None:
        self.pages = [Page(url, symbols) for _ in range(count)]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Pages":
        self._tasks = [asyncio.create_task(page.run()) for page in self.pages]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until_live(self, timeout_s: float) -> float:
        """Return the seconds until every page is live."""
        return await self.until(lambda page: page.is_live, timeout_s)

    async def until(self, condition: Any, timeout_s: float) -> float:
        """Return the seconds until `condition` holds for every page, infinity if not in time."""
        started_at = time.monotonic()
        while time.monotonic() - started_at < timeout_s:
            if all(condition(page) for page in self.pages):
                return time.monotonic() - started_at
            await asyncio.sleep(0.01)
        return float("inf")
