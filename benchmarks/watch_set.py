"""Cost of a change to the watch set with 10, 1,000 and 5,000 symbols watched.

Measures the hub's subscribe and unsubscribe, and the lease in Redis updated after each change (the
hub collects changes for 20 ms, so this is the most expensive case). Compared with a PeriodicTask
whose `args` hold the symbols and are read, changed and written back, on SQLite.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.processes import Rig
from benchmarks.rig.readings import Tally

SIZES = (10, 1000, 5000)
LETTERS = "ABCDEFGHIJKLMNOPQRST"
SYMBOLS = [f"Z{a}{b}{c}3" for a in LETTERS for b in LETTERS for c in LETTERS]
FLAT = 2.0  # largest allowed ratio of the largest size to the smallest


async def hub_changes(size: int) -> tuple[float, float]:
    """Return the microseconds of a change in memory, and of one with the lease written."""
    from mainapp.market.fanout import QuoteFanout, TrackedSocket  # noqa: PLC0415 - after the setup

    async def send(message: dict[str, Any]) -> None:
        await asyncio.sleep(0)

    hub = QuoteFanout(lambda symbols: None)
    base = TrackedSocket(send=send, room="track", limit=size, catch_up=hub.broadcaster.catch_up)
    changing = TrackedSocket(send=send, room="track", limit=size, catch_up=hub.broadcaster.catch_up)
    subscribers, wanted = hub.subscribers, hub.subscribers.wanted
    subscribers.join(base)
    subscribers.join(changing)
    subscribers.subscribe(base, SYMBOLS[:size])
    await wanted.sync()
    extra = SYMBOLS[-1]
    rounds = 2000
    in_memory = []
    for _ in range(5):
        started_at = time.perf_counter()
        for _ in range(rounds):
            subscribers.subscribe(changing, [extra])
            subscribers.unsubscribe(changing, [extra])
        in_memory.append((time.perf_counter() - started_at) / rounds / 2)
    leased = []
    for _ in range(300):
        started_at = time.perf_counter()
        subscribers.subscribe(changing, [extra])
        await wanted.sync()
        subscribers.unsubscribe(changing, [extra])
        await wanted.sync()
        leased.append((time.perf_counter() - started_at) / 2)
    await hub.stop()
    return min(in_memory) * 1e6, sorted(leased)[len(leased) // 2] * 1e6


def row_changes(size: int) -> float:
    """Return the microseconds of adding and removing a symbol in a PeriodicTask's `args`."""
    from django_celery_beat.models import PeriodicTask  # noqa: PLC0415 - after the setup

    task = PeriodicTask.objects.get(name="update_stock")
    task.args = json.dumps([SYMBOLS[:size]])
    task.save()
    times = []
    for _ in range(20):
        started_at = time.perf_counter()
        for change in (list.append, list.remove):
            task = PeriodicTask.objects.get(name="update_stock")
            symbols = json.loads(task.args)[0]
            change(symbols, SYMBOLS[-1])
            task.args = json.dumps([symbols])
            task.save()
        times.append((time.perf_counter() - started_at) / 2)
    return sorted(times)[len(times) // 2] * 1e6


def main() -> None:
    tally = Tally("a change to the watch set")
    with Rig() as rig:
        rig.start_redis()
        rig.prepare()
        os.environ.update(rig.environment)
        import django  # noqa: PLC0415 - after the environment is set

        django.setup()
        project = {size: asyncio.run(hub_changes(size)) for size in SIZES}
        rows = {size: row_changes(size) for size in SIZES}
    for size in SIZES:
        in_memory, leased = project[size]
        tally.note(f"{size} symbols watched")
        tally.line("  in memory", in_memory, "us")
        tally.line("  with the lease in Redis", leased, "us")
        tally.line("  a PeriodicTask's args", rows[size], "us")
        tally.ratio("  the row over the lease", rows[size], leased)
    small, large = project[SIZES[0]], project[SIZES[-1]]
    tally.line("in memory, 5,000 symbols over 10", large[0] / small[0], "times", FLAT)
    tally.line("with the lease, 5,000 symbols over 10", large[1] / small[1], "times", FLAT)
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
