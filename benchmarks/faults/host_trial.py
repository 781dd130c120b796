"""The clients of a site on several hosts, and the timing of an outage as they see it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.faults.host_batches import Batches
from benchmarks.rig.browser import Page, Pages
from benchmarks.rig.cluster import INTERVAL_S, SYMBOLS, WEB, Cluster, Web
from benchmarks.rig.processes import Worker
from benchmarks.rig.readings import TableTally

PAGES = 3  # simulated pages on each web host, beside the load client's sockets on the proxy
LIVE_S, BACK_S = 30.0, 40.0
GROUP = "all"
PREPARE = """
import django; django.setup()
import json
from pathlib import Path
from django.utils import timezone
from benchmarks.rig.people import write_cookies
from mainapp.accounts.models import User
from mainapp.forum.models import Room
write_cookies({folder!r} + "/cookies", 8)
now = timezone.now()
room = Room.objects.create(name="Sala", created_at=now, active_at=now)
names = list(User.objects.order_by("pk").values_list("username", flat=True))
Path({folder!r}, "people").write_text(json.dumps([room.pk, names]))
"""

Step = Callable[[], object]


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shows(page: Page, at: str) -> bool:
    return page.is_live and page.newest(SYMBOLS[0]) >= at


@dataclass
class Outage:
    """An outage as pages saw it, in seconds; `states` are those that they showed meanwhile."""

    stale_s: float
    back_s: float
    states: set[str]
    others_stale: int


class Trial:
    """A running site with sockets on its proxy and pages on each web host."""

    def __init__(self, site: Cluster, tally: TableTally, sockets: int) -> None:
        self.site, self.tally, self.sockets = site, tally, sockets
        self.load: Worker = site.rig.worker("watchers")
        self.pages: dict[str, Pages] = {}
        self.room, self.names = 0, [""]
        self._used = 0
        self.batches = Batches(site)

    async def open(self, stack: AsyncExitStack) -> None:
        """Create the people and open all sockets and pages."""
        code = PREPARE.format(folder=str(self.site.rig.folder))
        await asyncio.to_thread(self.site.rig.run_python, "-c", code)
        self.room, self.names = json.loads((self.site.rig.folder / "people").read_text())
        await self.call("open", **self.target(), count=self.sockets)
        await self.call("set_policy", policy="browser")
        for web in self.site.webs:
            pages = Pages(web.url, self.site.symbols, PAGES)
            self.pages[web.host.name] = await stack.enter_async_context(pages)
        await self.until_live()
        stack.enter_context(self.batches)

    def target(self) -> dict[str, Any]:
        symbols = self.site.symbols
        at = self.site.webs[-1].host, WEB
        if not self.site.size.is_small:
            at = self.site.proxy, 80
        where = {"host": at[0].address, "port": at[1]}
        return {**where, "symbols": symbols, "symbols_each": len(symbols)}

    async def call(self, do: str, **arguments: Any) -> Any:
        """Send a command to the load client."""
        return await asyncio.to_thread(self.load.call, do, **{"name": GROUP} | arguments)

    async def until_live(self) -> None:
        for pages in self.pages.values():
            await pages.until(lambda page: page.is_live and page.newest(SYMBOLS[0]), LIVE_S)

    def person(self) -> tuple[str, str]:
        """Return the name and the cookie of a person who was not used before."""
        self._used += 1
        number = self._used % len(self.site.cookies())
        return self.names[number - len(self.site.cookies())], self.site.cookies()[number]

    def all_pages(self, webs: Iterable[Web]) -> list[Page]:
        return [page for web in webs for page in self.pages[web.host.name].pages]

    def line(self, name: str, value: float, unit: str = "s", limit: float | None = None) -> None:
        self.tally.line(name, value, unit, limit)

    # Measurements ------------------------------------------------------------------------------

    async def outage(self, webs: list[Web], inject: Step, repair: Step, seconds: float) -> Outage:
        """Inject a fault for some seconds; return what pages on `webs`, and on others, saw."""
        await self.until_live()
        pages = self.all_pages(webs)
        others = [page for page in self.all_pages(self.site.webs) if page not in pages]
        started = time.monotonic()
        await run(inject)
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - started)))
        others_stale = sum(page.stale_since(started) is not None for page in others)
        await run(repair)
        repaired, at = time.monotonic(), iso(datetime.now(UTC))
        await until(lambda: all(shows(page, at) for page in pages), BACK_S)
        is_back = all(shows(page, at) for page in pages)
        stale = [page.stale_since(started) for page in pages]
        return Outage(
            stale_s=max((at or time.monotonic()) - started for at in stale),
            back_s=time.monotonic() - repaired if is_back else float("inf"),
            states={state for page in pages for at, state in page.states if at >= started},
            others_stale=others_stale,
        )

    def report(
        self, outage: Outage, *, stale_s: float | None, back_s: float, others: bool = True
    ) -> None:
        self.tally.note(f"pages showed: {', '.join(sorted(outage.states)) or 'nothing else'}")
        if stale_s is not None:
            self.line("until its pages show old prices as such", outage.stale_s, "s", stale_s)
        self.line("from the repair to new prices on all its pages", outage.back_s, "s", back_s)
        if others:
            self.line("stale pages on the other hosts", outage.others_stale, "", 0)

    def report_fetches(
        self, since: float, longest_s: float, *, in_flight: int = 0, extra: int = 0
    ) -> None:
        """Print the batches since a time, by the board, and the fetches, by the source.

        `in_flight` are the fetches that may be useless: a worker that is frozen, or loses its
        stores, between the request and the write has fetched in vain, and another one fetches for
        the same due time. A request that waits in such a worker may also come late, and be close
        to the next ones. `extra` are the batches after a loss of all data in Redis: the first one
        may come before the web processes have renewed their leases, so one more follows.
        """
        now = time.monotonic()
        pauses, counts = self.site.source.pauses_s(since, now), self.batches.since(since)
        intervals = f"in {(now - since) / INTERVAL_S:.1f}"
        self.line("fetches at the source", len(pauses) - 1, intervals)
        self.line("batches", counts.batches, intervals)
        self.line("batches that used a due time again", counts.doubled, "", extra)
        self.line("fetches that made no batch", counts.useless.total(), "", in_flight)
        if counts.useless:
            self.tally.note(f"  by {dict(counts.useless)}")
        surplus = self.site.source.surplus(since, now, INTERVAL_S)
        self.line("fetches beyond one an interval", max(0, surplus), "", in_flight + extra)
        self.line("shortest pause between fetches", min(pauses[1:-1], default=0.0))
        self.line("longest pause between fetches", max(pauses), "s", longest_s)


async def run(step: Step) -> None:
    """Run a step: a function that may block, or one that returns an awaitable."""
    result = await asyncio.to_thread(step)
    if isinstance(result, Awaitable):
        await result


async def until(condition: Callable[[], object], timeout_s: float) -> float:
    """Return the seconds until `condition` is true, infinity if not in time."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > timeout_s:
            return float("inf")
        await asyncio.sleep(0.02)
    return time.monotonic() - started
