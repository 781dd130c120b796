"""A process of well-behaved sockets that ask for pongs and time them.

Commands: `open` (`port`, `count`), then `measure` (`seconds`) → the p50 and p99 of the pongs in ms.
"""

import asyncio
import json
import sys
import time
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.rig.readings import percentile

EVERY_S = 0.05
PING = '{"type":"ping","id":"p"}'


class Pinger:
    def __init__(self) -> None:
        self._sockets: list[ClientConnection] = []
        self._delays_ms: list[float] = []

    async def open(self, port: int, count: int) -> dict[str, Any]:
        url = f"ws://127.0.0.1:{port}/ws/stock/track/?stockpicker=PETR4"
        for _ in range(count):
            origin = f"http://127.0.0.1:{port}"
            self._sockets.append(await connect(url, origin=origin, proxy=None, compression=None))  # type: ignore[arg-type] # an origin is a str
        return {}

    async def measure(self, seconds: float) -> dict[str, float]:
        self._delays_ms = []
        ends_at = time.perf_counter() + seconds
        await asyncio.gather(
            *(
                self._ping(socket, ends_at, EVERY_S * n / len(self._sockets))
                for n, socket in enumerate(self._sockets)
            )
        )
        return {rank: percentile(self._delays_ms, float(rank[1:])) for rank in ("p50", "p99")}

    async def _ping(self, socket: ClientConnection, ends_at: float, offset_s: float) -> None:
        await asyncio.sleep(offset_s)
        while (asked_at := time.perf_counter()) < ends_at:
            await socket.send(PING)
            while orjson.loads(await socket.recv())["type"] != "pong":
                pass
            took_s = time.perf_counter() - asked_at
            self._delays_ms.append(took_s * 1000)
            await asyncio.sleep(max(0.0, EVERY_S - took_s))


async def main() -> None:
    pinger = Pinger()
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        answer = await getattr(pinger, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
