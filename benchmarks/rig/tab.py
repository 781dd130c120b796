"""A logged-in user's WebSocket whose frames can be waited for, and the log-out form."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

Frame = dict[str, Any]


class Tab:
    """One socket: `async with Tab(url, path, cookie) as tab`; it does not reconnect."""

    def __init__(self, url: str, path: str, cookie: str) -> None:
        self.url, self.path, self.cookie = url, path, cookie
        self.frames: list[tuple[float, Frame]] = []
        self.closed: tuple[float, int] | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "Tab":
        self.socket = await connect(
            self.url.replace("http", "ws", 1) + self.path,
            origin=Origin(self.url),
            additional_headers={"Cookie": self.cookie},
            proxy=None,
            close_timeout=0.1,
            ping_interval=None,
        )
        self._reading = asyncio.create_task(self._read())
        await self.until(lambda _frame: True, 10)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await asyncio.wait([self._reading], timeout=2)

    async def _read(self) -> None:
        with suppress(OSError, WebSocketException):
            async for text in self.socket:
                self.frames.append((time.monotonic(), json.loads(text)))
                self._changed.set()
        self.closed = time.monotonic(), self.socket.close_code or 1006
        self._changed.set()

    async def until(self, wanted: Callable[[Frame], bool], timeout_s: float) -> float:
        """Return the time of the first frame that is `wanted`, infinity if not in time."""
        return await self._wait(
            lambda: next((at for at, frame in self.frames if wanted(frame)), None), timeout_s
        )

    async def until_closed(self, code: int, timeout_s: float) -> float:
        """Return the time at which the socket was closed with `code`, infinity if not in time."""
        return await self._wait(
            lambda: self.closed[0] if self.closed and self.closed[1] == code else None, timeout_s
        )

    async def _wait(self, find: Callable[[], float | None], timeout_s: float) -> float:
        deadline = time.monotonic() + timeout_s
        while (at := find()) is None:
            if (left_s := deadline - time.monotonic()) <= 0:
                return float("inf")
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)
        return at

    async def send(self, body: str) -> tuple[str, float]:
        """Send a message to a room; return its client id and the time of sending."""
        client_id, at = str(uuid4()), time.monotonic()
        frame = {"type": "send", "client_id": client_id, "id": client_id, "body": body}
        await self.socket.send(json.dumps(frame))
        return client_id, at


def log_out(url: str, cookie: str) -> float:
    """Log out by the page's form, as a user does; return the time of the response."""
    name, _, value = cookie.partition("=")
    with httpx.Client(base_url=url, cookies={name: value}, trust_env=False) as browser:
        page = browser.get("/logout/").text
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        response = browser.post("/logout/", data={"csrfmiddlewaretoken": token}, timeout=20)
    assert response.status_code == 302
    return time.monotonic()
