"""Beats, workers and streamers of several hosts: frozen past their leases, and cut off."""

import asyncio
import signal
import subprocess
import time

from benchmarks.faults.host_trial import Trial
from benchmarks.rig.browser import Page
from benchmarks.rig.cluster import (
    INTERVAL_S,
    POLLED,
    POSTGRES,
    PUSH_S,
    PUSHED,
    REDIS,
    Cluster,
    Work,
)

BEAT_LEASE_S, STREAM_LEASE_S = 5.0, 2.0
FROZEN_S, AFTER_S = 2 * BEAT_LEASE_S, 6.0
# Another beat looks for the lease every 0.5 s, and its first batch may be due an interval later.
TAKEOVER_S = BEAT_LEASE_S + 0.5 + INTERVAL_S + 1.5
WORKER_S = 4 * INTERVAL_S
PUSH_TAKEOVER_S = STREAM_LEASE_S + 2 * PUSH_S + 2.0


async def frozen(process: "subprocess.Popen[bytes]") -> None:
    """Stop a process for two of beat's leases, and wait some time after it goes on."""
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(FROZEN_S)
    process.send_signal(signal.SIGCONT)
    await asyncio.sleep(AFTER_S)


async def beat_frozen(trial: Trial) -> None:
    """The working beat hangs for two leases: another takes over, and no batch is sent twice."""
    work = await asyncio.to_thread(trial.site.beating)
    since = time.monotonic()
    await frozen(work.beat)
    trial.report_fetches(since, TAKEOVER_S)


async def beat_killed(trial: Trial) -> None:
    """The working beat is killed, and starts again when another one has taken over."""
    site = trial.site
    work = await asyncio.to_thread(site.beating)
    since = time.monotonic()
    work.beat.kill()
    await asyncio.to_thread(work.beat.wait)
    await asyncio.sleep(FROZEN_S)
    work.beat = site.start_beat(work.host)
    await asyncio.sleep(AFTER_S)
    trial.report_fetches(since, TAKEOVER_S)


async def worker_frozen(trial: Trial) -> None:
    """One of the workers hangs, possibly in the middle of a batch: another goes on."""
    since, worker = time.monotonic(), trial.site.works[0].worker
    assert worker
    await frozen(worker)
    trial.report_fetches(since, WORKER_S, in_flight=1)


async def stream_frozen(trial: Trial) -> None:
    """The working streamer hangs for five leases: another pushes on, and prices never go back."""
    site = trial.site
    work = streaming(site)
    assert work.stream
    started, page = time.monotonic(), trial.all_pages(site.webs)[0]
    watching = asyncio.create_task(longest_pause(page, PUSHED, FROZEN_S + AFTER_S))
    await frozen(work.stream)
    paused_s, older = await watching
    taken = any(client.opened_at > started for client in site.streamer.clients if client.names)
    trial.line("longest pause between pushed prices", paused_s, "s", PUSH_TAKEOVER_S)
    trial.line("pushed prices that went back in time", older, "", 0)
    trial.tally.check("another streamer took over", taken)
    trial.report_fetches(started, 1.75 * INTERVAL_S)


def streaming(site: Cluster) -> Work:
    """Return the host whose streamer opened the newest connection."""
    opened = [client for client in site.streamer.clients if client.names]
    address = opened[-1].socket.remote_address[0]
    return next(work for work in site.works if work.host.address == address)


async def worker_cut_from_redis(trial: Trial) -> None:
    """The host of the working beat is cut off from Redis: the other host goes on alone."""
    work = await asyncio.to_thread(trial.site.beating)
    await cut(trial, work, REDIS, TAKEOVER_S + INTERVAL_S)


async def worker_cut_from_postgresql(trial: Trial) -> None:
    """A host of workers is cut off from PostgreSQL, and still receives tasks from Redis."""
    work = await asyncio.to_thread(trial.site.beating)
    await cut(trial, work, POSTGRES, TAKEOVER_S + INTERVAL_S)


async def cut(trial: Trial, work: Work, port: int, longest_s: float) -> None:
    """Cut a host off for two leases; print the fetches, and the pages' longest silence."""
    site, since = trial.site, time.monotonic()
    other = site.db if port == POSTGRES else site.stores[0]
    page = trial.all_pages(site.webs)[0]
    watching = asyncio.create_task(longest_pause(page, POLLED[0], FROZEN_S + AFTER_S))
    outage = await trial.outage(
        site.webs, lambda: work.host.cut(other, [port]), work.host.mend, FROZEN_S
    )
    paused_s, older = await watching
    trial.tally.note(f"pages showed: {', '.join(sorted(outage.states)) or 'nothing else'}")
    trial.line("longest pause between new prices", paused_s, "s", longest_s)
    trial.line("prices that went back in time", older, "", 0)
    trial.report_fetches(since, longest_s, in_flight=1)


async def longest_pause(page: Page, symbol: str, seconds: float) -> tuple[float, int]:
    """Return the longest time without a new quote on a page, and how many were older ones."""
    started = changed_at = time.monotonic()
    shown, longest_s, older = page.newest(symbol), 0.0, 0
    while time.monotonic() - started < seconds:
        if (newest := page.newest(symbol)) != shown:
            longest_s = max(longest_s, time.monotonic() - changed_at)
            older += newest < shown
            shown, changed_at = newest, time.monotonic()
        await asyncio.sleep(0.02)
    return max(longest_s, time.monotonic() - changed_at), older


SCENARIOS = {
    "beat-frozen": beat_frozen,
    "beat-killed": beat_killed,
    "worker-frozen": worker_frozen,
    "stream-frozen": stream_frozen,
    "work-cut-from-redis": worker_cut_from_redis,
    "work-cut-from-postgresql": worker_cut_from_postgresql,
}
