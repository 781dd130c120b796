"""Half an hour with a fault a minute: memory, open files, keys and rows stay flat, nothing is lost.

One machine with two processes of each role (web, worker, beat, streamer), PostgreSQL and Redis. The
first process of each role is killed in turn, the second one lives for the whole run, and both are
frozen at times; Redis and PostgreSQL are killed, emptied, full, frozen, or lose all connections.
Meanwhile sockets receive prices, and people read pages, write messages, set alerts that fire, send
pictures and request reports.

What must not grow is read twice a minute. After the first five minutes, the least-squares slope
over the readings, times their duration, is the growth: of each living process's memory at most
16 MiB, of its open files 6. The most keys in the last third are at most 40 more than in the first
third. Tables grow by what people did, and the others by 20 rows at most. In the end all sockets are
open, all pages live, and nothing waits.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psycopg
import redis

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults.host_trial import iso, shows
from benchmarks.faults.soak_people import PREPARE, Acts, Person
from benchmarks.faults.soak_site import END_BACKENDS, KILLED, LIVING, Site, people_of, soak_site
from benchmarks.faults.soak_verdict import Reading, judge, judge_end, read
from benchmarks.faults.watch_storm import until
from benchmarks.rig.browser import Pages
from benchmarks.rig.cluster import POLLED, PUSHED
from benchmarks.rig.processes import prepare_script
from benchmarks.rig.readings import Tally

MINUTES, SOCKETS, PEOPLE = 30, 100, 8
MINUTE_S, FROZEN_S, SETTLE_S = 60.0, 10.0, 90.0
SYMBOLS = [*POLLED, PUSHED]
# The limits of the product are for people, not for a script that acts all the time.
LIMITS = ("UPLOADS_A_DAY", "REPORTS_A_DAY", "API_REQUESTS_A_MINUTE_ADDRESS")
Fault = Callable[[Site], object]


def _kill(role: str) -> Fault:
    return lambda site: site.kill(role)


def _freeze(part: str) -> Fault:
    def freeze(site: Site) -> None:
        site.send(part, signal.SIGSTOP)
        time.sleep(FROZEN_S)
        site.send(part, signal.SIGCONT)

    return freeze


def _fill_redis(site: Site) -> None:
    site.redis.config_set("maxmemory", 1)
    time.sleep(FROZEN_S)
    site.redis.config_set("maxmemory", 0)


def _break_source(site: Site) -> None:
    site.source.fault, site.streamer.fault = "broken", "silence"
    time.sleep(FROZEN_S)
    site.source.fault = site.streamer.fault = ""


FAULTS: dict[str, Fault] = {
    "web killed": _kill(f"web {KILLED}"),
    "worker killed": _kill(f"worker {KILLED}"),
    "Redis killed": _kill("redis"),
    "beat killed": _kill(f"beat {KILLED}"),
    "connections to PostgreSQL ended": lambda site: site.sql(END_BACKENDS),
    "streamer killed": _kill(f"stream {KILLED}"),
    "Redis emptied": lambda site: site.redis.flushall(),
    "worker frozen": _freeze(f"worker {LIVING}"),
    "PostgreSQL killed": lambda site: site.kill_postgresql(),
    "beat frozen": _freeze(f"beat {LIVING}"),
    "Redis full": _fill_redis,
    "web frozen": _freeze(f"web {LIVING}"),
    "Redis frozen": _freeze("redis"),
    "streamer frozen": _freeze(f"stream {LIVING}"),
    "sources broken": _break_source,
}


class Soak:
    """The people, sockets and pages on a site, and the readings."""

    def __init__(self, site: Site, tally: Tally, minute_s: float) -> None:
        self.site, self.tally, self.minute_s = site, tally, minute_s
        self.acts, self.readings = Acts(), list[Reading]()
        self.load = site.rig.worker("watchers")
        self.pages: list[Pages] = []

    async def run(self, minutes: int, sockets: int) -> None:
        async with AsyncExitStack() as stack:
            await self._open(stack, sockets)
            people = await asyncio.to_thread(self._people)
            acting = [asyncio.create_task(person.run()) for person in people]
            for number, name in enumerate(islice(cycle(FAULTS), minutes), start=1):
                await self._minute(number, name)
            settled_at = time.monotonic()
            is_back_s = await self._until_live(SETTLE_S)
            late = time.monotonic()
            await asyncio.sleep(self.minute_s / 2)
            for task in acting:
                task.cancel()
            await asyncio.gather(*acting, return_exceptions=True)
            await until(lambda: time.monotonic() - settled_at > self.minute_s, SETTLE_S)
            await self._judge(is_back_s, late)

    async def _open(self, stack: AsyncExitStack, sockets: int) -> None:
        for name, port in enumerate(self.site.ports):
            target = {"port": port, "symbols": SYMBOLS, "symbols_each": len(SYMBOLS)}
            await self._call("open", name=str(name), count=sockets // 2, **target)
            await self._call("set_policy", name=str(name), policy="browser")
        for url in self.site.urls:
            self.pages.append(await stack.enter_async_context(Pages(url, SYMBOLS, 1)))
        assert await self._until_live(SETTLE_S) < SETTLE_S, "no page is live"

    def _people(self) -> list[Person]:
        cookies, facts = people_of(self.site, PEOPLE, PREPARE)
        return [
            Person(self.acts, self.site.urls, cookie, facts["room"], chat)
            for cookie, chat in zip(cookies, facts["chats"], strict=True)
        ]

    async def _until_live(self, timeout_s: float) -> float:
        """Return the seconds until all pages show a price of now as a live one."""
        now = iso(datetime.now(UTC))
        everyone = [page for pages in self.pages for page in pages.pages]
        return await until(lambda: all(shows(page, now) for page in everyone), timeout_s)

    async def _call(self, do: str, **arguments: Any) -> Any:
        return await asyncio.to_thread(self.load.call, do, **arguments)

    async def _minute(self, number: int, name: str) -> None:
        """Inject a fault, and read twice, before it and half a minute after it."""
        began = time.monotonic()
        await self._read()
        failed = self.acts.failed.total()
        await asyncio.to_thread(FAULTS[name], self.site)
        mended = time.monotonic()
        back_s = await self._until_live(self.minute_s / 2)
        await asyncio.sleep(max(0.0, began + self.minute_s / 2 - time.monotonic()))
        await self._read()
        await asyncio.sleep(max(0.0, began + self.minute_s - time.monotonic()))
        now, took_s = self.readings[-1], mended - began
        self.tally.note(
            f"{number:2} {name:<32} {took_s:4.1f} s, live {back_s:4.1f} s later;"
            f" {self.acts.failed.total() - failed} requests failed; load {now.load:.1f},"
            f" {sum(now.rss_mib.values()):.0f} MiB, {sum(now.files.values())} files,"
            f" {now.all_keys} keys, {sum(now.rows.values())} rows"
        )

    async def _read(self) -> None:
        """Read when the stores answer: a reading may fall into a fault."""
        for _ in range(20):
            with suppress(psycopg.OperationalError, redis.RedisError):
                self.readings.append(await asyncio.to_thread(read, self.site, self.acts))
                return
            await asyncio.sleep(0.5)

    async def _judge(self, back_s: float, late: float) -> None:
        await self._read()
        judge(self.tally, self.readings)
        states = [await self._call("counts", name=str(n)) for n in range(2)]
        is_open = sum(state["open"] for state in states)
        wanted = sum(state["sockets"] for state in states)
        self.tally.line("sockets that are not open", wanted - is_open, "", 0)
        self.tally.line("after the last fault, all pages live again after", back_s, "s", 10)
        await asyncio.to_thread(judge_end, self.tally, self.site, self.acts, late)
        for part, process in self.site.processes.items():
            if process.poll() is not None:
                self.tally.check(f"{part} still runs", False)


def run(minutes: int = MINUTES, sockets: int = SOCKETS, minute_s: float = MINUTE_S) -> Tally:
    tally = Tally(f"{minutes} minutes with a fault in each, {sockets} sockets, {PEOPLE} people")
    with soak_site(**dict.fromkeys(LIMITS, "100000")) as site:
        asyncio.run(Soak(site, tally, minute_s).run(minutes, sockets))
    return tally


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=MINUTES)
    parser.add_argument("--sockets", type=int, default=SOCKETS)
    parser.add_argument("--minute-s", type=float, default=MINUTE_S, help="of a trial")
    options = parser.parse_args(arguments)
    prepare_script()
    return run(options.minutes, options.sockets, options.minute_s).exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
