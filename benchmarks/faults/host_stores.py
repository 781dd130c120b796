"""Faults of Redis under a site on several hosts: empty, full, and failing over."""

import asyncio
import signal
import time

from benchmarks.faults.host_trial import Trial, run
from benchmarks.rig.cluster import REDIS, Cluster
from benchmarks.rig.processes import wait_until

AWAY_S, FULL_S, AFTER_S = 5.0, 8.0, 6.0
STALE_S, NEW_S = 4.0, 6.0
FAILOVER_S, FROZEN_S = 25.0, 15.0  # of three sentinels with down-after 3 s


async def emptied(trial: Trial) -> None:
    """Redis is killed, and an empty one takes its place."""
    site, since = trial.site, time.monotonic()
    server = site.stores[0]

    def kill() -> None:
        site.redis_processes[server.name].kill()
        site.redis_processes[server.name].wait()

    outage = await trial.outage(site.webs, kill, lambda: site.start_redis(server), AWAY_S)
    trial.report(outage, stale_s=STALE_S, back_s=NEW_S, others=False)
    await asyncio.sleep(AFTER_S)
    trial.report_fetches(since, AWAY_S + 3 * NEW_S, in_flight=1, extra=1)


async def full(trial: Trial) -> None:
    """Redis has reached its maxmemory: with noeviction it refuses writes and keeps every key."""
    site, since = trial.site, time.monotonic()

    def limit(size: int) -> None:
        with site.redis() as client:
            client.config_set("maxmemory", size)

    outage = await trial.outage(site.webs, lambda: limit(1), lambda: limit(0), FULL_S)
    with site.redis() as client:
        evicted = client.info("stats")["evicted_keys"]
    trial.report(outage, stale_s=FULL_S, back_s=NEW_S, others=False)
    trial.line("evicted keys", evicted, "", 0)
    await asyncio.sleep(AFTER_S)
    trial.report_fetches(since, FULL_S + 2 * NEW_S, in_flight=1)


async def master_killed(trial: Trial) -> None:
    """The master dies: sentinels promote the replica."""
    await fail_over(trial, is_emptied=False)


async def failover_to_empty(trial: Trial) -> None:
    """The master dies, and the replica that is promoted has lost all data."""
    await fail_over(trial, is_emptied=True)


async def fail_over(trial: Trial, *, is_emptied: bool) -> None:
    site = trial.site
    killed = site.master()
    other = next(host for host in site.stores if host is not killed)
    process = site.redis_processes[killed.name]

    def promote() -> None:
        wait_until(lambda: site.master() is other, FAILOVER_S)
        if is_emptied:
            with site.redis(other) as client:
                wait_until(lambda: client.info("replication")["role"] == "master", FAILOVER_S)
                client.flushall()

    since = time.monotonic()
    outage = await trial.outage(site.webs, process.kill, promote, 0)
    trial.report(outage, stale_s=STALE_S, back_s=NEW_S, others=False)
    trial.line(
        "from the kill to new prices on all pages", time.monotonic() - since, "s", FAILOVER_S
    )
    await asyncio.sleep(AFTER_S)
    trial.report_fetches(since, FAILOVER_S, in_flight=1, extra=int(is_emptied))
    process.wait()
    await run(lambda: rejoin(site, killed.name, other.address))


async def master_frozen(trial: Trial) -> None:
    """The master hangs, and wakes when another one has taken its place."""
    site, since = trial.site, time.monotonic()
    process = site.redis_processes[site.master().name]
    outage = await trial.outage(
        site.webs,
        lambda: process.send_signal(signal.SIGSTOP),
        lambda: process.send_signal(signal.SIGCONT),
        FROZEN_S,
    )
    trial.report(outage, stale_s=STALE_S, back_s=NEW_S, others=False)
    await asyncio.sleep(AFTER_S)
    trial.report_fetches(since, FAILOVER_S, in_flight=1)


def rejoin(site: Cluster, name: str, master_address: str) -> None:
    """Start a killed server again as a replica, and wait until the sentinels see it in sync."""
    host = site.net.hosts[name]
    site.start_redis(host, "--replicaof", master_address, str(REDIS))

    def is_in_sync() -> bool:
        with site.redis(host) as client:
            return bool(client.info("replication").get("master_link_status") == "up")

    wait_until(is_in_sync, 20)


SCENARIOS = {"redis-empty": emptied, "redis-full": full}
SENTINEL_SCENARIOS = {
    "master-killed": master_killed,
    "failover-to-empty": failover_to_empty,
    "master-frozen": master_frozen,
}
