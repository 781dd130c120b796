"""A process of well-behaved sockets that measure the delay of pongs.

Commands: `open` (`port`, `count`), then `measure` (`seconds`) → the p50 and p99 of the pongs in ms.
A pong that takes longer than WORST_S counts as WORST_S.
"""

import asyncio
import itertools
import json
import sys
import time
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.rig.readings import percentile

EVERY_S = 0.05
WORST_S = 5.0


class Pinger:
    def __init__(self) -> None:
        self._sockets: list[ClientConnection] = []
        self._delays_ms: list[float] = []
        self._ids = itertools.count()

    async def open(self, port: int, count: int) -> dict[str, Any]:
        url = f"ws://127.0.0.1:{port}/ws/stock/track/?stockpicker=PETR4"
        for _ in range(count):
            origin = f"http://127.0.0.1:{port}"
            options: dict[str, Any] = {"origin": origin, "proxy": None, "ping_interval": None}
            self._sockets.append(await connect(url, compression=None, **options))
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
        while (sent_at := time.perf_counter()) < ends_at:
            frame_id = next(self._ids)
            await socket.send(f'{{"type":"ping","id":{frame_id}}}')
            try:
                async with asyncio.timeout(WORST_S):
                    while orjson.loads(await socket.recv()).get("id") != frame_id:
                        pass
                took_s = time.perf_counter() - sent_at
            except TimeoutError:
                took_s = WORST_S
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
