"""Hosts in good health, restarted one by one, cut off from one store, and behind bad links."""

import asyncio
import time
from contextlib import AsyncExitStack

import psutil

from benchmarks.faults.host_trial import BACK_S, Trial, run
from benchmarks.rig.cluster import INTERVAL_S, POSTGRES, REDIS, Web
from benchmarks.rig.tab import Tab, log_out
from tests.instances import get

STEADY_S, CUT_S, SLOW_S = 20.0, 10.0, 12.0
STALE_S, NEW_S = 4.0, 6.0  # a batch comes every 2 s; pages wait 2.8 s for a frame
DARK_S, CROSSING_MS, REVOKED_MS = 3.0, 1000.0, 1000.0
PRESENCE_MS = 3000.0
HEARD_S = CUT_S / 2 + NEW_S
SLOW_SOCKETS, GROWTH_MIB = 300, 32.0


async def steady(trial: Trial) -> None:
    """Every socket gets every batch, and the source gets one fetch an interval."""
    since = time.monotonic()
    await trial.call("begin")
    await asyncio.sleep(STEADY_S)
    counts = await trial.call("counts")
    trial.line("sockets", counts["sockets"], "")
    trial.line("batches that the sockets received: fewest", counts["fewest"], "")
    trial.line("the same: most", counts["most"], "", counts["fewest"] + 1)
    trial.line("missed batches, all sockets", counts["missed"], "", 0)
    trial.line("lost sockets", counts["lost"], "", 0)
    trial.report_fetches(since, 1.75 * INTERVAL_S)


async def crossing(trial: Trial) -> None:
    """A message, a notification, a presence and a log-out reach people on another host."""
    first, last = trial.site.webs[0].url, trial.site.webs[-1].url
    room = f"/ws/room/{trial.room}/"
    (_ana, ana), (bia_name, bia) = trial.person(), trial.person()
    async with AsyncExitStack() as stack:
        near = await stack.enter_async_context(Tab(first, room, ana))
        warm, began = (await near.send("olá"))[0], time.monotonic()
        far = await stack.enter_async_context(Tab(last, room, bia))
        joined = await near.until(lambda frame: frame["type"] == "presence", 10)
        news = await stack.enter_async_context(Tab(last, "/ws/notifications/", bia))
        await near.until(lambda f: f.get("client_id") == warm, 20)
        sent, at = await near.send(f"@{bia_name} bom dia")
        heard = await far.until(
            lambda f: f["type"] == "message" and "bom dia" in f["body_html"], 10
        )
        noticed = await news.until(lambda frame: frame["type"] == "notification", 10)
        acked = await near.until(lambda f: f.get("client_id") == sent, 10)
        ended = asyncio.create_task(news.until_closed(4401, 10))
        left_at = await asyncio.to_thread(log_out, first, bia)
        closed = [await far.until_closed(4401, 10), await ended]
    trial.line("presence on another host", 1000 * (joined - began), "ms", PRESENCE_MS)
    for name, seconds in {
        "acknowledgement of a message": acked - at,
        "message on another host": heard - at,
        "notification on another host": noticed - at,
    }.items():
        trial.line(name, 1000 * seconds, "ms", CROSSING_MS)
    trial.line("revocation on another host", 1000 * (max(closed) - left_at), "ms", REVOKED_MS)


async def restart(trial: Trial) -> None:
    """All web hosts are restarted one after the other under load."""
    since = time.monotonic()
    await trial.call("begin")
    for web in trial.site.webs:
        await run(web.restart)
    took_s = time.monotonic() - since
    await asyncio.sleep(2 * INTERVAL_S)
    counts = await trial.call("counts")
    trial.line(f"restarting {len(trial.site.webs)} hosts", took_s)
    trial.line("sockets that were closed, some repeatedly", counts["lost"], "")
    trial.line("longest darkness of a socket", counts["lost_for_s"], "s", DARK_S)
    trial.line("longest silence of a socket", counts["quiet_s"])
    trial.line("sockets that are not back", counts["sockets"] - counts["open"], "", 0)
    trial.line("refused attempts", counts["refused"], "")
    trial.tally.note(f"codes of closed sockets and of refusals: {counts['codes']}")
    # A process that is behind reads the board, and sends two numbers as one update.
    trial.line("batches that came merged with the next one", counts["missed"], "")
    trial.report_fetches(since, 2.5 * INTERVAL_S)


async def cut_from_redis(trial: Trial) -> None:
    """One web host is cut off from Redis: its pages say so, and nothing else is touched."""
    site, web = trial.site, trial.site.webs[0]
    room = f"/ws/room/{trial.room}/"
    states: list[int] = []

    def inject() -> None:
        web.host.cut(site.stores[0], [REDIS])

    async def during(near: Tab, far: Tab) -> float:
        await asyncio.sleep(CUT_S / 2)
        _client_id, at = await far.send("durante o corte")
        for path in PATHS:
            states.append((await asyncio.to_thread(get, f"{web.url}{path}", 10))[0])
        heard = await near.until(
            lambda f: f["type"] == "message" and "durante o corte" in f["body_html"], BACK_S
        )
        return heard - at

    async with (
        Tab(web.url, room, trial.person()[1]) as near,
        Tab(site.webs[1].url, room, trial.person()[1]) as far,
    ):
        talking = asyncio.create_task(during(near, far))
        outage = await trial.outage([web], inject, web.host.mend, CUT_S)
        heard_s = await talking
    trial.report(outage, stale_s=STALE_S, back_s=NEW_S)
    trial.tally.note(f"meanwhile {', '.join(PATHS)} there answered {states}")
    trial.line("message of another host, sent 5 s before the repair", heard_s, "s", HEARD_S)


PATHS = ("/healthz", "/readyz", "/forum/")


async def cut_from_postgresql(trial: Trial) -> None:
    """One web host is cut off from PostgreSQL: its prices go on, its writes fail in time."""
    site, web = trial.site, trial.site.webs[0]
    results: dict[str, float] = {}

    async def during(tab: Tab) -> None:
        await asyncio.sleep(1)
        client_id, at = await tab.send("sem banco")
        asked = time.monotonic()
        status = (await asyncio.to_thread(get, f"{web.url}/forum/", 20))[0]
        results.update(status=status, page_s=time.monotonic() - asked)
        refused = await tab.until(lambda f: client_id in (f.get("id"), f.get("client_id")), 20)
        results["refused_s"] = refused - at

    def is_served() -> bool:
        return get(f"{web.url}/forum/", 10)[0] == 200

    async with Tab(web.url, f"/ws/room/{trial.room}/", trial.person()[1]) as tab:
        talking = asyncio.create_task(during(tab))
        started = time.monotonic()
        await run(lambda: web.host.cut(site.db, [POSTGRES]))
        await talking
        await asyncio.sleep(max(0.0, CUT_S - (time.monotonic() - started)))
        stale = [page.stale_since(started) for page in trial.all_pages(site.webs)]
        await run(web.host.mend)
        repaired = time.monotonic()
        while not await asyncio.to_thread(is_served) and time.monotonic() < repaired + BACK_S:
            await asyncio.sleep(0.1)
        served_s = time.monotonic() - repaired
    trial.line("stale pages on any host", sum(at is not None for at in stale), "", 0)
    trial.line(f"a page there: status {results['status']:.0f} after", results["page_s"], "s", 10)
    trial.line("reply to a message sent there", results["refused_s"], "s", 15)
    trial.line("from the repair to a page", served_s, "s", NEW_S)


async def slow_link(trial: Trial) -> None:
    """One web host sends at 1 Mbit/s, less than its sockets need: they get the newest prices."""
    web = trial.site.webs[1]
    aim = trial.target() | {"host": web.host.address, "port": 8000}
    await trial.call("open", **aim | {"name": "slow"}, count=SLOW_SOCKETS)
    before = rss_mib(web)
    await trial.call("begin", name="slow")
    outage = await trial.outage([web], lambda: web.host.limit_rate("1mbit"), web.host.mend, SLOW_S)
    growth, counts = rss_mib(web) - before, await trial.call("counts", name="slow")
    trial.report(outage, stale_s=None, back_s=NEW_S)
    trial.line(f"merged batches, {SLOW_SOCKETS} sockets of the slow host", counts["missed"], "")
    trial.line("closed sockets of the slow host", counts["lost"], "", 0)
    trial.line("growth of the slow host's memory", growth, "MiB", GROWTH_MIB)
    await trial.call("close", name="slow")


def rss_mib(web: Web) -> float:
    processes = psutil.Process(web.process.pid)
    everyone = [processes, *processes.children(recursive=True)]
    return float(sum(process.memory_info().rss for process in everyone)) / 2**20


async def slow_redis(trial: Trial) -> None:
    """The last web host reaches Redis 200 ms later, and gets its replies 200 ms later."""
    site, web = trial.site, trial.site.webs[-1]
    outage = await trial.outage([web], lambda: site.delay(200), lambda: site.delay(0), SLOW_S)
    trial.report(outage, stale_s=None, back_s=NEW_S)
    stale = [page.states[-2:] for page in trial.all_pages([web]) if "down" in outage.states]
    trial.line("pages of the slow host that showed the feed as down", len(stale), "", 0)


async def lossy_link(trial: Trial) -> None:
    """One web host loses 5 % of its packets in each direction."""
    web = trial.site.webs[0]
    await trial.call("begin")
    outage = await trial.outage([web], lambda: web.host.lose(5), web.host.mend, SLOW_S)
    counts = await trial.call("counts")
    trial.report(outage, stale_s=None, back_s=NEW_S)
    trial.line("lost sockets", counts["lost"], "", 0)
    trial.line("longest silence of a socket", counts["quiet_s"])


SCENARIOS = {
    "steady": steady,
    "crossing": crossing,
    "restart": restart,
    "cut-from-redis": cut_from_redis,
    "cut-from-postgresql": cut_from_postgresql,
    "slow-link": slow_link,
    "slow-redis": slow_redis,
    "lossy-link": lossy_link,
}
