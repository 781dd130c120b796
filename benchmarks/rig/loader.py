"""Load client: thousands of WebSockets in a separate process, as cheap as Python allows.

Reads JSON commands from its standard input (`benchmarks.rig.processes.Worker`). Frames are counted
and timed by the monotonic clock, which all processes of the machine share; bodies are not parsed.
"""

import asyncio
import json
import os
import random
import sys
import time
from typing import Any

import uvloop

from benchmarks.rig.load_sockets import Group, Socket
from benchmarks.rig.processes import raise_file_limit
from benchmarks.rig.readings import cpu_s, percentile

# Any 16 bytes in base64: the server only hashes them.
KEY = "MDEyMzQ1Njc4OWFiY2RlZg=="


class Load:
    """The commands of the load client; each method is one."""

    socket_class = Socket

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}

    async def open(
        self,
        *,
        name: str,
        port: int,
        host: str = "127.0.0.1",
        count: int,
        symbols: list[str],
        symbols_each: int = 10,
        path: str = "/ws/stock/track/",
        in_path: bool = False,
        cookies: list[str] | None = None,
        at_a_time: int = 100,
        timeout_s: float = 60,
        snapshots: bool = True,
    ) -> dict[str, Any]:
        """Open sockets that subscribe to some of `symbols`; return when each has its snapshot."""
        group = self.groups.setdefault(name, Group())
        group.address = host, port
        group.snapshots = group.refused = group.opened = 0
        rng, start = random.Random(len(group.sockets)), time.monotonic()  # noqa: S311
        gate = asyncio.Semaphore(at_a_time)

        async def open_one(number: int) -> None:
            chosen = rng.sample(symbols, symbols_each)
            query = "&".join(f"stockpicker={symbol}" for symbol in chosen)
            address = path + ",".join(chosen) if in_path else f"{path}?{query}"
            cookie = f"Cookie: {cookies[number % len(cookies)]}\r\n" if cookies else ""
            request = (
                f"GET {address} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
                f"Origin: http://{host}:{port}\r\n{cookie}\r\n"
            )
            socket = self.socket_class(group, request.encode())
            group.sockets.append(socket)
            async with gate:
                await socket.connect()

        await asyncio.gather(*(open_one(number) for number in range(count)))
        ready = (lambda: group.snapshots >= count) if snapshots else (lambda: group.opened >= count)
        await self._until(group, ready, timeout_s)
        return self._state(group) | {"seconds": time.monotonic() - start}

    async def wait(self, *, name: str, updates: int, timeout_s: float = 10) -> dict[str, Any]:
        """Return when the group has received `updates` update frames, or after the timeout."""
        group = self.groups[name]
        await self._until(group, lambda: group.updates >= updates, timeout_s)
        return self._state(group)

    async def state(self, *, name: str) -> dict[str, Any]:
        return self._state(self.groups[name])

    async def reset(self, *, name: str) -> dict[str, Any]:
        """Reset the counters."""
        group = self.groups[name]
        group.receipts.clear()
        group.updates = group.update_bytes = group.frames = 0
        return {}

    async def delays(self, *, name: str, published: dict[str, int]) -> dict[str, Any]:
        """Return the delays in ms between publication and receipt of each sequence number."""
        receipts = self.groups[name].receipts
        delays = [
            (at - published_at) / 1e6
            for seq, published_at in published.items()
            for at in receipts.get(int(seq), ())
        ]
        return {
            "count": len(delays),
            "p50": percentile(delays, 50),
            "p99": percentile(delays, 99),
            "max": max(delays, default=0),
        }

    async def stop_reading(self, *, name: str) -> dict[str, Any]:
        for socket in self.groups[name].sockets:
            if socket.transport:
                socket.transport.pause_reading()
        return {}

    async def write(self, *, name: str, frame: dict[str, Any], count: int) -> dict[str, Any]:
        """Send a frame from the first `count` sockets."""
        text = json.dumps(frame).encode()
        assert len(text) < 126
        for socket in self.groups[name].sockets[:count]:
            socket.transport.write(bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text)
        return {}

    async def set_policy(self, *, name: str, policy: str) -> dict[str, Any]:
        """From now on reconnect lost sockets: `at_once`, or like a `browser`."""
        group = self.groups[name]
        group.policy = policy
        group.lost = group.refused = 0
        group.reconnect_times_s.clear()
        return {}

    async def wait_reconnected(self, *, name: str, timeout_s: float) -> dict[str, Any]:
        """Return when every socket was lost and has a snapshot again."""
        group = self.groups[name]
        total = len(group.sockets)
        await self._until(group, lambda: len(group.reconnect_times_s) >= total, timeout_s)
        return self._state(group) | {
            "reconnected": len(group.reconnect_times_s),
            "p50_s": percentile(group.reconnect_times_s, 50),
            "last_s": max(group.reconnect_times_s, default=0.0),
        }

    async def wait_closed(self, *, name: str, timeout_s: float) -> dict[str, Any]:
        """Return when every socket is closed."""
        group = self.groups[name]
        await self._until(
            group, lambda: not any(socket.transport for socket in group.sockets), timeout_s
        )
        return self._state(group)

    async def close(self, *, name: str) -> dict[str, Any]:
        group = self.groups.pop(name)
        group.policy = ""
        for socket in group.sockets:
            if socket.transport:
                socket.transport.abort()
        await asyncio.sleep(0.2)
        return {}

    async def _until(self, group: Group, condition: Any, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition() and (left := deadline - time.monotonic()) > 0:
            group.changed.clear()
            try:
                await asyncio.wait_for(group.changed.wait(), left)
            except TimeoutError:
                return

    def _state(self, group: Group) -> dict[str, Any]:
        names = ("updates", "update_bytes", "frames", "snapshots", "refused", "lost")
        return {name: getattr(group, name) for name in names} | {
            "open": sum(1 for socket in group.sockets if socket.has_snapshot),
            "codes": dict(group.codes),
            "cpu_s": cpu_s(os.getpid()),
        }


async def main(load: Load) -> None:
    """Answer the commands of the standard input until it ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        answer = await getattr(load, command.pop("do"))(**command)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main(Load()))
