"""Dashboards that are watched on two hosts while Redis is killed and comes back empty."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.faults.host_trial import Trial, run, until
from benchmarks.rig.cluster import Cluster
from benchmarks.rig.tab import Tab

AWAY_S, AFTER_S = 5.0, 10.0
BACK_S, CURVES_S = 6.0, 25.0  # curves are read every 20 s
PREPARE = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from mainapp.accounts.models import User
from mainapp.operations.models import SLOTS, Sample
User.objects.filter(username={name!r}).update(access_level="admin")
now = timezone.now()
for minutes in range(9, 0, -1):
    minute = (now - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    slot = int(minute.timestamp()) // 60 % SLOTS
    if not Sample.objects.filter(slot=slot, minute=minute).exists():
        Sample.objects.update_or_create(slot=slot, defaults=dict(minute=minute, sockets=minutes))
"""
SAMPLES = """
SELECT coalesce(json_agg(json_build_array(
    to_char(minute AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    {columns}) ORDER BY minute), '[]')
FROM operations_sample WHERE minute > now() - interval '1 hour' AND minute <= now()
"""
LOGGED = """
ALTER SYSTEM SET log_statement = '{what}';
ALTER SYSTEM SET log_line_prefix = '%m ';
SELECT pg_reload_conf();
"""
# Parts of the SQL of the counts and of the curves; no other query has them.
QUERIES = ("SELECT 'users_count'", 'FROM "operations_sample" WHERE ("operations_sample"."minute"')


class View:
    """A dashboard: the values of all frames so far."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    def values(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for _at, frame in self.tab.frames:
            merged |= frame
        return merged

    def frames_since(self, at: float) -> list[dict[str, Any]]:
        return [frame for came, frame in self.tab.frames if came >= at]

    def is_back(self, since: float) -> bool:
        parts = [f["parts"] for f in self.frames_since(since) if "parts" in f]
        return bool(parts) and parts[-1]["redis"] == "ok"


async def dashboards(trial: Trial) -> None:
    """Redis is killed and comes back empty, while two hosts show the dashboard."""
    site, (name, cookie) = trial.site, trial.person()
    await run(lambda: site.rig.run_python("-c", PREPARE.format(name=name)))
    tabs = [Tab(web.url, "/ws/dashboard/", cookie) for web in (*site.webs[:2], site.webs[1])]
    async with tabs[0], tabs[1]:
        views = [View(tab) for tab in tabs]
        await run(lambda: site.postgres.psql(LOGGED.format(what="all")))
        await asyncio.sleep(2.5)  # one round of counts
        since, logged = time.monotonic(), datetime.now(UTC)
        await _empty_redis(trial, views[:2])
        async with tabs[2]:
            rows = len(views[2].values()["curves"])
            equal_s = await until(lambda: _are_equal(site, views), CURVES_S)
        await asyncio.sleep(AFTER_S)
        times = await asyncio.to_thread(_query_times, site, logged)
        took_s = time.monotonic() - since
        await run(lambda: site.postgres.psql(LOGGED.format(what="none")))
        later = [len(view.frames_since(time.monotonic() - AFTER_S)) for view in views[:2]]
    trial.line(f"until the curves ({rows} rows) equal those of the table", equal_s, "s", CURVES_S)
    trial.tally.check("frames go on, on both", min(later) > 1)
    trial.line("queries of all dashboards a second", len(times) / took_s, "", 1)
    trial.line("the same: most in any second", _most_in_a_second(times), "")


async def _empty_redis(trial: Trial, views: list[View]) -> None:
    site = trial.site
    await run(lambda: _kill(site))
    await asyncio.sleep(AWAY_S)
    shown = [view.values()["parts"]["redis"] for view in views]
    trial.tally.check("both show that Redis is down meanwhile", shown == ["down", "down"])
    await run(lambda: site.start_redis(site.stores[0]))
    at = time.monotonic()
    back_s = await until(lambda: all(view.is_back(at) for view in views), 40)
    trial.line("from the repair to values of both dashboards", back_s, "s", BACK_S)


def _kill(site: Cluster) -> None:
    process = site.redis_processes[site.stores[0].name]
    process.kill()
    process.wait()


def _are_equal(site: Cluster, views: list[View]) -> bool:
    from mainapp.operations.events import CURVES  # noqa: PLC0415 - this script has no settings

    columns = ", ".join(CURVES)
    rows = json.loads(site.postgres.psql(SAMPLES.format(columns=columns)))
    return all(view.values()["curves"] == rows for view in views)


def _query_times(site: Cluster, since: datetime) -> list[datetime]:
    """Return the times at which PostgreSQL logged a query of a dashboard."""
    times = []
    for line in site.postgres.log.read_text(errors="replace").splitlines():
        if any(part in line for part in QUERIES):
            at = datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
            times += [at] if at >= since else []
    return times


def _most_in_a_second(times: list[datetime]) -> int:
    ordered = sorted(at.timestamp() for at in times)
    return max((sum(0 <= later - at < 1 for later in ordered) for at in ordered), default=0)


SCENARIOS = {"dashboards": dashboards}
