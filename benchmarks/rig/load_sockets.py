"""Sockets of a load client and groups of them: frames are counted and timed, not parsed."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from typing import Any

TEXT, CLOSE, PING = 1, 8, 9
RETRY_S = 0.1


class Group:
    """Sockets that are opened, measured and closed together."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self.receipts: dict[int, list[int]] = defaultdict(list)
        self.updates = self.update_bytes = self.frames = self.snapshots = self.refused = 0
        self.lost = self.opened = 0
        self.codes: Counter[int] = Counter()
        self.reconnect_times_s: list[float] = []
        self.policy: str = ""
        self.address = ("127.0.0.1", 0)
        self.changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def frame(self, data: bytes, start: int, size: int) -> None:
        self.frames += 1
        head = data[start : start + 40]
        if b'"update"' in head:
            at = head.index(b'"seq":') + 6
            seq = int(head[at : head.index(b",", at)])
            self.receipts[seq].append(time.monotonic_ns())
            self.updates += 1
            self.update_bytes += size
            self.changed.set()
        elif b'"snapshot"' in head:
            self.snapshots += 1
            self.changed.set()


class Socket(asyncio.Protocol):
    """One client: answers pings, counts frames, and reconnects if its group has a policy."""

    __slots__ = ("group", "has_snapshot", "is_open", "lost_at", "remainder", "request", "transport")

    def __init__(self, group: Group, request: bytes) -> None:
        self.group = group
        self.request = request
        self.lost_at = 0.0
        self.reset()

    def reset(self) -> None:
        self.remainder = b""
        self.is_open = self.has_snapshot = False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if self.remainder:
            data = self.remainder + data
        start = 0
        if not self.is_open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.remainder = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self.group.codes[int(data[9:12])] += 1
                self.transport.abort()
                return
            self.is_open, start = True, end + 4
            self.group.opened += 1
            self.group.changed.set()
        self.remainder = self._frames(data, start)

    def _frames(self, data: bytes, at: int) -> bytes:
        total = len(data)
        while total - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            if total - at < head + size:
                break
            self._frame(data[at] & 15, data, at + head, size)
            at += head + size
        return data[at:]

    def _frame(self, opcode: int, data: bytes, start: int, size: int) -> None:
        if opcode == TEXT:
            self.group.frame(data, start, size)
            if not self.has_snapshot:
                self.has_snapshot = True
                if self.lost_at:
                    self.group.reconnect_times_s.append(time.monotonic() - self.lost_at)
        elif opcode == PING:
            self.transport.write(
                # A pong, masked with zeros: clients must mask, and this mask changes nothing.
                bytes((0x8A, 0x80 | size, 0, 0, 0, 0)) + data[start : start + size]
            )
        elif opcode == CLOSE:
            self.group.codes[int.from_bytes(data[start : start + 2], "big")] += 1
            self.transport.write(b"\x88\x82\0\0\0\0" + data[start : start + 2])
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        group, was_open = self.group, self.is_open
        self.reset()
        if was_open:
            group.lost += 1
            self.lost_at = time.monotonic()
        if group.policy:
            if not was_open:
                group.refused += 1
            group.spawn(self._reconnect(was_open))
        group.changed.set()

    async def _reconnect(self, was_open: bool) -> None:
        """Reconnect at once, or with the back-off of the browser."""
        if self.group.policy == "browser" or not was_open:
            outage = time.monotonic() - self.lost_at
            ceiling = min(15.0, max(1.0, outage / 2))
            await asyncio.sleep(0.5 + random.random() * (ceiling - 0.5))  # noqa: S311 - jitter
        await self.connect()

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.create_connection(lambda: self, *self.group.address)
            except OSError:
                self.group.refused += 1
                if not self.group.policy:
                    return
                await asyncio.sleep(RETRY_S)
            else:
                return
