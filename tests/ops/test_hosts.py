"""A site on hosts in network namespaces: a short form of benchmarks/faults/hosts.py."""

import asyncio
from contextlib import AsyncExitStack
from math import isfinite

import pytest

from benchmarks.faults import host_links, host_roles
from benchmarks.faults.host_trial import Trial
from benchmarks.faults.hosts import run_scenario
from benchmarks.rig.cluster import Size, cluster
from benchmarks.rig.hosts import Unavailable
from benchmarks.rig.readings import TableTally

SMALL = Size(webs=2, processes=1, workers=2, is_small=True)
SOCKETS = 20


class Figures(TableTally):
    """Keeps the figures by name; how long things take depends on the machine's other work."""

    def __init__(self):
        super().__init__("a small site on several hosts")
        self.figures = {}

    def line(self, name, value, unit, limit=None):
        super().line(name, value, unit)
        self.figures[name] = value


@pytest.fixture(scope="module")
def figures(prepared_rig):
    """Run the scenarios in sequence on one site; return the figures of each."""
    tallies = {}

    async def run(site):
        async with AsyncExitStack() as stack:
            trial = Trial(site, Figures(), SOCKETS)
            await trial.open(stack)
            for work in (host_links.crossing, host_links.cut_from_redis, host_roles.beat_frozen):
                trial.tally = tallies[work.__name__] = Figures()
                await run_scenario(work.__name__, work, trial)

    try:
        with cluster(SMALL) as site:
            asyncio.run(run(site))
    except Unavailable as error:
        pytest.skip(str(error))
    return tallies


@pytest.mark.timeout(400)
def test_news_and_log_outs_reach_another_host(figures):
    tally = figures["crossing"]
    assert tally.failed == []
    assert len(tally.figures) == 5
    assert all(map(isfinite, tally.figures.values()))


@pytest.mark.timeout(400)
def test_only_the_host_cut_from_redis_shows_old_prices_as_such(figures):
    tally = figures["cut_from_redis"]
    assert tally.failed == []
    assert tally.figures["stale pages on the other hosts"] == 0
    assert all(map(isfinite, tally.figures.values()))


@pytest.mark.timeout(400)
def test_no_batch_is_doubled_while_the_working_beat_hangs(figures):
    tally = figures["beat_frozen"]
    assert tally.failed == []
    assert tally.figures["batches"] > 1
    assert tally.figures["batches that used a due time again"] == 0
    assert tally.figures["fetches that made no batch"] == 0
    assert tally.figures["longest pause between fetches"] < host_roles.FROZEN_S
