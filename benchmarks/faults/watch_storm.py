"""Storm on the watch set: 200 clients add and remove 5,000 symbols while web processes are killed.

Two web processes are killed with SIGKILL and restarted in turn; beat runs every second and writes
its rows. Clients reconnect as the browser does, with their current symbols. In the end the union of
the leases must equal the union of the clients' symbols; and after both web processes are killed at
once, nothing may be watched once the leases have expired.
"""

import asyncio
import contextlib
import json
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.rig.browser import reconnect_delay
from benchmarks.rig.processes import Rig, port_of
from benchmarks.rig.readings import Tally
from tests.instances import redis_key

LEASE_S = 10  # of mainapp.market.watch, which a script without settings cannot import
CLIENTS, SYMBOLS, STORM_S, KILLS = 200, 5000, 25.0, 6
OWN, MOST = SYMBOLS // CLIENTS, 30
LETTERS = "ABCDEFGHIJKLMNOPQR"
CATALOGUE = [f"Z{a}{b}{c}7" for a in LETTERS for b in LETTERS for c in LETTERS][:SYMBOLS]
ADD_CATALOGUE = """
import django; django.setup()
from benchmarks.faults.watch_storm import CATALOGUE
from mainapp.market.models import Stock
from mainapp.market.services.scheduling import ensure_periodic_tasks
ensure_periodic_tasks()
Stock.objects.bulk_create(
    Stock(symbol=symbol, name=symbol, search_text=symbol.lower(), kind="ON") for symbol in CATALOGUE
)
"""


class Client:
    """One visitor; after any number of disconnects its subscription must equal `wanted`."""

    def __init__(self, number: int, ports: list[int]) -> None:
        self.rng = random.Random(number)  # noqa: S311 - a storm
        own = CATALOGUE[number * OWN : (number + 1) * OWN]
        self.pool = own + self.rng.sample(CATALOGUE, MOST - OWN)
        self.wanted: set[str] = set()
        self.sent_symbols: set[str] = set()
        self.port = ports[number % len(ports)]
        self.is_open = False
        self.changes = self.reconnects = 0

    async def run(self) -> None:
        lost_at: float | None = None
        while True:
            with contextlib.suppress(OSError, WebSocketException):
                await self._session()
            if self.is_open or lost_at is None:
                lost_at = time.monotonic()
            self.is_open, self.reconnects = False, self.reconnects + 1
            await asyncio.sleep(reconnect_delay(time.monotonic() - lost_at))

    async def storm(self, ended: asyncio.Event) -> None:
        """Change the wanted symbols, a few at a time."""
        while not ended.is_set():
            chosen = self.rng.sample(self.pool, self.rng.randrange(1, 8))
            self.wanted.symmetric_difference_update(chosen)
            self.changes += len(chosen)
            await asyncio.sleep(self.rng.uniform(0.05, 0.4))

    async def _session(self) -> None:
        self.sent_symbols = set(self.wanted)
        query = "&".join(f"stockpicker={symbol}" for symbol in self.sent_symbols)
        origin = f"http://127.0.0.1:{self.port}"
        url = f"ws://127.0.0.1:{self.port}/ws/stock/track/?{query}"
        async with connect(url, origin=Origin(origin), proxy=None, close_timeout=0.1) as socket_:
            reading = asyncio.create_task(self._read(socket_))
            try:
                while not reading.done():
                    await self._send_wanted(socket_)
                    await asyncio.sleep(0.02)
                reading.result()
            finally:
                reading.cancel()

    async def _send_wanted(self, socket_: ClientConnection) -> None:
        for kind, symbols in (
            ("unsubscribe", self.sent_symbols - self.wanted),
            ("subscribe", self.wanted - self.sent_symbols),
        ):
            if symbols:
                await socket_.send(json.dumps({"type": kind, "symbols": list(symbols)}))
                self.sent_symbols = self.sent_symbols ^ symbols

    async def _read(self, socket_: ClientConnection) -> None:
        async for text in socket_:
            frame = json.loads(text)
            self.is_open = True
            assert frame["type"] != "error", frame


class Webs:
    """Web processes on listening sockets that outlive them."""

    def __init__(self, rig: Rig, count: int) -> None:
        self.rig = rig
        self.listeners: list[socket.socket] = [rig.listen() for _ in range(count)]
        self.processes = [rig.web(listener) for listener in self.listeners]
        self.ports = [port_of(listener) for listener in self.listeners]

    def kill(self, number: int) -> "subprocess.Popen[bytes]":
        process = self.processes[number]
        process.send_signal(signal.SIGKILL)
        process.wait()
        return process

    async def kill_and_start(self, number: int) -> None:
        self.kill(number)
        listener = self.listeners[number]
        self.processes[number] = await asyncio.to_thread(self.rig.web, listener)


def watched_symbols(client: redis.Redis) -> set[str]:
    """Return the union of the leases in the rig's Redis."""
    names: Any = client.zrange(redis_key("watchers"), 0, -1)
    leases = [redis_key("watch", name.decode()) for name in names]
    symbols: Any = client.sunion(leases) if leases else ()
    return {symbol.decode() for symbol in symbols}


async def until(condition: object, timeout_s: float) -> float:
    """Return the seconds until `condition()` holds, infinity if it does not hold in time."""
    started_at = time.monotonic()
    while time.monotonic() - started_at < timeout_s:
        if condition():  # type: ignore[operator] # a function
            return time.monotonic() - started_at
        await asyncio.sleep(0.05)
    return float("inf")


async def storm(tally: Tally, rig: Rig, storm_s: float, kills: int, count: int) -> None:
    redis_client = redis.Redis(unix_socket_path=str(rig.redis_path))
    webs = await asyncio.to_thread(Webs, rig, 2)
    clients = [Client(number, webs.ports) for number in range(count)]
    sockets = [asyncio.create_task(client.run()) for client in clients]
    await until(lambda: all(client.is_open for client in clients), 20)
    started_at, ended = time.monotonic(), asyncio.Event()
    storms = [asyncio.create_task(client.storm(ended)) for client in clients]
    for kill in range(kills):
        await asyncio.sleep(started_at + (kill + 1) * storm_s / (kills + 1) - time.monotonic())
        await webs.kill_and_start(kill % 2)
    await asyncio.sleep(started_at + storm_s - time.monotonic())
    ended.set()
    await asyncio.gather(*storms)
    model: set[str] = set().union(*(client.wanted for client in clients))

    await until(lambda: all(client.is_open for client in clients), 20)
    settled_s = await until(lambda: watched_symbols(redis_client) == model, LEASE_S + 5)
    watched = watched_symbols(redis_client)
    changes = sum(client.changes for client in clients)
    reconnects = sum(client.reconnects for client in clients)
    tally.note(f"{count} clients, {changes} changes, {kills} kills, {reconnects} reconnects")
    tally.line("symbols wanted in the end", len(model), "")
    tally.line("lost", len(model - watched), "", 0)
    tally.line("left over", len(watched - model), "", 0)
    tally.line("the leases equal the model after", settled_s, "s", LEASE_S + 2)
    if kills >= KILLS:
        for number in range(2):
            webs.kill(number)
        gone_s = await until(lambda: not watched_symbols(redis_client), LEASE_S + 5)
        tally.line("both web processes killed: nothing is watched after", gone_s, "s", LEASE_S + 1)
    for task in sockets:
        task.cancel()
    await asyncio.gather(*sockets, return_exceptions=True)
    redis_client.close()


def run(storm_s: float = STORM_S, kills: int = KILLS, count: int = CLIENTS) -> Tally:
    """Run the storm; only the long one waits until the leases of both processes expire."""
    tally = Tally("the watch set in a storm")
    with Rig(UPDATE_INTERVAL_S="1") as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        rig.run_python("-c", ADD_CATALOGUE)
        rig.python("-m", "celery", "-A", "project", "beat", "--pidfile=")
        asyncio.run(storm(tally, rig, storm_s, kills, count))
    return tally


if __name__ == "__main__":
    sys.exit(run().exit_code)
