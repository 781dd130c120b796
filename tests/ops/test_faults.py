"""Faults injected into real processes: short versions of the scripts in benchmarks/faults."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from benchmarks.faults import darkness, sigterm, watch_storm
from tests.instances import Instance
from tests.prepared import copy_prepared

SHORT_OUTAGE_S = 3.2
pytestmark = pytest.mark.usefixtures("prepared_rig")


@pytest.fixture(scope="module")
def timings(tmp_path_factory):
    """Return the timing of each fault; all are injected in turn into the same instance."""
    results = {}

    async def run_all():
        folder = tmp_path_factory.mktemp("dark")
        copy_prepared(folder / "data")
        async with darkness.launched(folder) as (site, running):
            for name, fault in FAULTS.items():
                results[name] = await fault(site, running)

    asyncio.run(run_all())
    return results


FAULTS: dict[str, Callable[[darkness.Site, Instance], Awaitable[darkness.Timing]]] = {
    "redis-killed": darkness.redis_killed,
    "redis-flushed": darkness.redis_flushed,
    "redis-stopped": partial(darkness.redis_stopped, outage_s=SHORT_OUTAGE_S),
    "worker-stopped": partial(darkness.worker_stopped, outage_s=SHORT_OUTAGE_S),
    "worker-killed": darkness.worker_killed,
    "web-killed": darkness.web_killed,
}


@pytest.mark.parametrize("name", FAULTS)
def test_outages_are_marked_and_repaired_in_time(timings, name):
    assert timings[name].is_met, timings[name]


def test_watch_set_survives_a_storm_of_clients_and_kills():
    assert watch_storm.run(storm_s=4, kills=2, count=60).missed == 0


def test_sigterm_closes_and_cleans_up_every_socket():
    assert sigterm.stop_and_check(200).missed == 0
