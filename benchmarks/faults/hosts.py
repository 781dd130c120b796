"""A site on several hosts: web, workers, stores and a proxy, each in its own network namespace.

Needs root, iproute2, nftables and nginx. Real PostgreSQL and Redis, a stub of brapi that counts the
fetches, and a stub of Binance's streamer. Sockets on the proxy count the batches that they miss;
pages on each web host, which behave like the tracker's script, tell live prices from old ones.
Each scenario prints its figures and limits; a table of all criteria follows, with a verdict each.
The last scenarios run on a second site, with sentinels.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults import host_dashboards, host_links, host_roles, host_stores
from benchmarks.faults.host_trial import Trial
from benchmarks.rig.cluster import Size, cluster
from benchmarks.rig.hosts import Unavailable
from benchmarks.rig.processes import prepare_script
from benchmarks.rig.readings import TableTally

SOCKETS = 2000
Scenario = Callable[[Trial], Awaitable[None]]
PLAIN: Mapping[str, Scenario] = (
    host_links.SCENARIOS | host_roles.SCENARIOS | host_stores.SCENARIOS | host_dashboards.SCENARIOS
)
SENTINEL: Mapping[str, Scenario] = host_stores.SENTINEL_SCENARIOS
SCENARIO_S = 600.0  # the rolling restart takes 30 s at a load of 6, and minutes at 30


async def run_scenarios(
    size: Size, scenarios: Mapping[str, Scenario], sockets: int, tally: TableTally
) -> None:
    """Run scenarios in sequence on one site. Raises: Unavailable."""
    began = time.monotonic()
    with cluster(size) as site:
        async with AsyncExitStack() as stack:
            trial = Trial(site, tally, sockets)
            await trial.open(stack)
            tally.note(f"{size}, {sockets} sockets; ready after {time.monotonic() - began:.0f} s")
            for name, scenario in scenarios.items():
                await run_scenario(name, scenario, trial)


async def run_scenario(name: str, scenario: Scenario, trial: Trial) -> None:
    """Run one scenario within its time, mend all links, and go on if it fails."""
    trial.tally.part = name
    trial.tally.note(f"{name}: {(scenario.__doc__ or '').strip()}")
    try:
        async with asyncio.timeout(SCENARIO_S):
            await scenario(trial)
    except Exception as error:
        trial.tally.check(f"{name} ran to its end ({type(error).__name__}: {error})", False)
    finally:
        await asyncio.to_thread(trial.site.net.mend)


def chosen(scenarios: Mapping[str, Scenario], names: Sequence[str]) -> dict[str, Scenario]:
    return {name: work for name, work in scenarios.items() if not names or name in names}


def run(size: Size, sockets: int, names: Sequence[str] = ()) -> TableTally:
    """Run the named scenarios, or all. Raises: Unavailable."""
    tally = TableTally("a site on several hosts")
    if plain := chosen(PLAIN, names):
        asyncio.run(run_scenarios(size, plain, sockets, tally))
    if sentinel := chosen(SENTINEL, names):
        with_sentinels = replace(size, has_sentinels=True)
        asyncio.run(run_scenarios(with_sentinels, sentinel, sockets, tally))
    tally.print_table()
    return tally


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [*PLAIN, *SENTINEL]
    parser.add_argument("--only", nargs="+", choices=names, default=[], metavar="NAME")
    parser.add_argument("--sockets", type=int, default=SOCKETS)
    parser.add_argument("--webs", type=int, default=3, help="web hosts, at least 2")
    parser.add_argument("--processes", type=int, default=2, help="of each web host")
    options = parser.parse_args(arguments)
    prepare_script()
    try:
        size = Size(max(2, options.webs), options.processes)
        return run(size, options.sockets, options.only).exit_code
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
