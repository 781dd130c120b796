"""Outages as seen by open pages: stale prices are marked, and prices return soon after the repair.

Runs whole instances under the launcher of `make run`, and pages that behave like the tracker's
script. For each fault, prints the seconds until every page is marked stale, and from the repair
until each page shows the newest recorded price and then a new one. A part that the launcher
restarts counts as repaired when it responds: a worker when it renews its lease, a web process when
it serves. Batches run every UPDATE_INTERVAL_S, here 2 s. Without arguments all faults are injected,
on instances side by side; otherwise only those named.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import redis

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.rig.browser import Page, Pages
from benchmarks.rig.processes import IBOV, Rig, port_of, prepare_script
from benchmarks.rig.readings import Tally
from project.embedded import answers, socket_path
from tests.instances import Instance, get, redis_key

PAGES, SYMBOLS = 10, IBOV[:10]
STALE_S, NEWEST_S, NEW_S = 3.0, 2.0, 4.0
OUTAGE_S, AWAY_S = 6.0, 60.0
BACK_S, LEASE_S = 30.0, 2.0
INTERVAL_S = os.environ.get("UPDATE_INTERVAL_S", "2")
BOARD, WORKER = redis_key("board", "simulated"), redis_key("worker")

Work = Callable[[], Awaitable[None]]


@dataclass
class Timing:
    """The seconds measured for one fault; infinity for a step that did not happen in time."""

    stale_s: float
    newest_s: float
    new_s: float
    all_s: float

    @property
    def is_met(self) -> bool:
        return self.stale_s <= STALE_S and self.newest_s <= NEWEST_S and self.new_s <= NEW_S


class Site:
    """An instance with its database, its Redis and its open pages."""

    def __init__(self, url: str, folder: Path, redis_path: Path, pages: Pages) -> None:
        self.url, self.folder, self.redis_path, self.pages = url, folder, redis_path, pages
        self.redis = redis.Redis(unix_socket_path=str(redis_path), socket_timeout=0.5)
        self.dark_from: float | None = None  # start of the darkness, if later than the fault

    def recorded(self) -> str:
        """Return the `quoted_at` of the newest recorded price of the first symbol."""
        path = f"file:{self.folder / 'pregao.sqlite3'}?mode=ro"
        query = (
            "SELECT quoted_at FROM market_lastquote JOIN market_stock ON market_stock.id = stock_id"
            " WHERE symbol = ?"
        )
        with sqlite3.connect(path, uri=True, timeout=5) as connection:
            (text,) = connection.execute(query, [SYMBOLS[0]]).fetchone()
        connection.close()
        return iso(datetime.fromisoformat(text).replace(tzinfo=UTC))

    def worker_lives(self) -> bool:
        try:
            return bool(self.redis.exists(WORKER))
        except redis.RedisError:
            return False

    def due_at(self) -> datetime:
        """Return the time at which the next batch is due, according to the last one."""
        status = json.loads(self.redis.hget(BOARD, "@status") or b"{}")
        return datetime.fromisoformat(status["next_due_at"])

    def redis_answers(self) -> bool:
        return answers(self.redis_path, 0.2)

    async def measure(self, inject: Work, repair: Work) -> Timing:
        """Inject and repair a fault; return the pages' timing. All pages must be live before."""
        assert await self.pages.until_live(BACK_S) < BACK_S, "the pages are not live"
        started_at = time.monotonic()
        await inject()
        await repair()
        repaired, at = time.monotonic(), iso(datetime.now(UTC))
        recorded = self.recorded()
        newest_s = await self.pages.until(lambda page: shows(page, recorded), BACK_S)
        new_s = await self.pages.until(lambda page: shows(page, at), BACK_S)
        dark_from = started_at if self.dark_from is None else self.dark_from
        stale = [page.stale_since(started_at) for page in self.pages.pages]
        return Timing(
            stale_s=max(dark_s(moment, dark_from, repaired) for moment in stale),
            newest_s=newest_s,
            new_s=newest_s + new_s,
            all_s=time.monotonic() - started_at,
        )


def dark_s(stale_at: float | None, dark_from: float, repaired: float) -> float:
    """Return how long a page still looked live after the fault, at most until the repair."""
    if stale_at is None:
        return 0.0 if repaired - dark_from <= STALE_S else float("inf")
    return max(0.0, min(stale_at, repaired) - dark_from)


def shows(page: Page, at: str) -> bool:
    return page.is_live and page.newest(SYMBOLS[0]) >= at


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def until(condition: Callable[[], object], timeout_s: float = BACK_S) -> None:
    started_at = time.monotonic()
    while not await asyncio.to_thread(condition):
        if time.monotonic() - started_at > timeout_s:
            raise TimeoutError(f"not within {timeout_s} s")
        await asyncio.sleep(0.02)


# Instances -----------------------------------------------------------------------------------


@asynccontextmanager
async def launched(folder: Path, **environment: str) -> AsyncIterator[tuple[Site, Instance]]:
    """Run an instance under the launcher and open the pages."""
    running = Instance(folder / "data", UPDATE_INTERVAL_S=INTERVAL_S, **environment)
    try:
        await asyncio.to_thread(running.wait_until_ready)
        path = Path(
            environment.get("REDIS_URL", "").removeprefix("unix://") or socket_path(folder / "data")
        )
        async with Pages(running.url, SYMBOLS, PAGES) as pages:
            site = Site(running.url, folder / "data", path, pages)
            await pages.until(lambda page: page.is_live and page.newest(SYMBOLS[0]), BACK_S)
            yield site, running
            site.redis.close()
    finally:
        for child in running.process.children(recursive=True):
            child.resume()
        await asyncio.to_thread(running.stop)


# The faults ----------------------------------------------------------------------------------


async def nothing() -> None:
    """Do nothing: the launcher repairs this fault."""


def signal_to(running: Instance, part: str, number: signal.Signals) -> psutil.Process:
    child = running.child(part)
    assert child is not None, f"no {part}"
    child.send_signal(number)
    return child


async def redis_killed(site: Site, running: Instance) -> Timing:
    async def inject() -> None:
        signal_to(running, "-server ", signal.SIGKILL)
        await until(lambda: not site.redis_answers(), 2)

    return await site.measure(inject, lambda: until(site.redis_answers))


async def redis_flushed(site: Site, running: Instance) -> Timing:
    async def inject() -> None:
        site.redis.flushall()

    return await site.measure(inject, nothing)


async def stopped(
    site: Site, running: Instance, part: str, outage_s: float, back: Callable[[], bool]
) -> Timing:
    async def inject() -> None:
        signal_to(running, part, signal.SIGSTOP)
        await asyncio.sleep(outage_s)

    async def repair() -> None:
        signal_to(running, part, signal.SIGCONT)
        await until(back)

    return await site.measure(inject, repair)


async def redis_stopped(site: Site, running: Instance, outage_s: float = OUTAGE_S) -> Timing:
    return await stopped(site, running, "-server ", outage_s, site.redis_answers)


async def worker_stopped(site: Site, running: Instance, outage_s: float = OUTAGE_S) -> Timing:
    return await stopped(site, running, "pregao: worker", outage_s, site.worker_lives)


async def worker_killed(site: Site, running: Instance) -> Timing:
    async def inject() -> None:
        signal_to(running, "pregao: worker", signal.SIGKILL)
        await asyncio.sleep(LEASE_S)  # the killed worker's lease must not count for the new one

    return await site.measure(inject, lambda: until(site.worker_lives))


async def beat_killed(site: Site, running: Instance) -> Timing:
    async def inject() -> None:
        signal_to(running, "pregao: beat", signal.SIGKILL)

    return await site.measure(inject, nothing)


async def web_killed(site: Site, running: Instance) -> Timing:
    async def inject() -> None:
        killed = signal_to(running, "pregao: web", signal.SIGKILL)
        await until(lambda: not killed.is_running(), 4)

    return await site.measure(
        inject, lambda: until(lambda: get(f"{site.url}/healthz", 1)[0] == 200)
    )


LAUNCHED = {
    "redis-killed": redis_killed,
    "redis-flushed": redis_flushed,
    "redis-stopped": redis_stopped,
    "worker-stopped": worker_stopped,
    "worker-killed": worker_killed,
    "beat-killed": beat_killed,
    "web-killed": web_killed,
}


async def run_faults(names: list[str], folder: Path, report: Callable[[str, Timing], None]) -> None:
    """Inject faults in sequence into one instance with its own Redis."""
    async with launched(folder) as (site, running):
        for name in names:
            report(name, await LAUNCHED[name](site, running))


async def redis_gone(
    folder: Path, report: Callable[[str, Timing], None], outage_s: float = AWAY_S
) -> None:
    """Kill a Redis without persistence, and later start an empty one in its place."""
    with Rig() as rig:
        server = [rig.start_redis()]
        async with launched(folder, REDIS_URL=f"unix://{rig.redis_path}") as (site, _running):

            async def inject() -> None:
                server[0].kill()
                server[0].wait()
                await asyncio.sleep(outage_s)

            async def repair() -> None:
                server[0] = await asyncio.to_thread(rig.start_redis)

            report(
                f"redis gone for {outage_s:.0f} s, then empty", await site.measure(inject, repair)
            )


async def redis_frozen(folder: Path, report: Callable[[str, Timing], None]) -> None:
    async with launched(folder) as (site, running):
        timing = await redis_stopped(site, running, AWAY_S)
        report(f"redis stopped for {AWAY_S:.0f} s", timing)


async def source_hangs(report: Callable[[str, Timing], None]) -> None:
    """Make the source hang from one batch on; time counts once the next batch is overdue."""
    with Rig(UPDATE_INTERVAL_S=INTERVAL_S) as rig:
        rig.start_redis()
        await asyncio.to_thread(rig.prepare)
        listener, hang = rig.listen(), rig.folder / "hang"
        await asyncio.to_thread(rig.web, listener)
        rig.python("-m", "benchmarks.rig.hanging", str(hang))
        rig.python("-m", "celery", "-A", "project", "beat", "--pidfile=")
        url = f"http://127.0.0.1:{port_of(listener)}"
        async with Pages(url, SYMBOLS, PAGES) as pages:
            site = Site(url, rig.folder, rig.redis_path, pages)
            await pages.until(lambda page: page.is_live and page.newest(SYMBOLS[0]), BACK_S)

            async def inject() -> None:
                hang.touch()
                while (overdue_s := (datetime.now(UTC) - site.due_at()).total_seconds()) < 0.5:
                    await asyncio.sleep(
                        0.05
                    )  # a batch that already has its quotes is still published
                site.dark_from = time.monotonic() - overdue_s
                await asyncio.sleep(STALE_S + 5)

            async def repair() -> None:
                hang.unlink()

            timing = await site.measure(inject, repair)
            site.redis.close()
            report("source hangs, from the overdue batch", timing)


# The script ----------------------------------------------------------------------------------


async def run(names: list[str]) -> int:
    missed = 0
    tally = Tally(f"{'fault':<42} {'stale':>7} {'newest':>7} {'new':>7} {'in all':>7}   seconds")

    def report(name: str, timing: Timing) -> None:
        nonlocal missed
        missed += not timing.is_met
        verdict = "met" if timing.is_met else "MISSED"
        print(
            f"  {name:<40} {timing.stale_s:7.2f} {timing.newest_s:7.2f} {timing.new_s:7.2f}"
            f" {timing.all_s:7.2f}   {verdict}",
            flush=True,
        )

    with tempfile.TemporaryDirectory(prefix="pregao-dark-") as text:
        folder = Path(text)
        for name in "abc":
            (folder / name).mkdir()
        work: list[Awaitable[None]] = []
        if chosen := [name for name in LAUNCHED if not names or name in names]:
            work.append(run_faults(chosen, folder / "a", report))
        if not names or "redis-gone" in names:
            work.append(redis_gone(folder / "b", report))
        if not names or "redis-frozen" in names:
            work.append(redis_frozen(folder / "c", report))
        if not names or "source-hangs" in names:
            work.append(source_hangs(report))
        await asyncio.gather(*work)
    tally.note(f"budget: stale <= {STALE_S:g}, newest <= {NEWEST_S:g}, new <= {NEW_S:g}")
    return missed


if __name__ == "__main__":
    prepare_script()
    sys.exit(bool(asyncio.run(run(sys.argv[1:]))))
