"""Memory of an idle `make run`: proportional set size of each process, against the budget for all.

A page that several processes share is divided among them, so the sum is the memory that they use
together. Measured after a minute without a visitor; then, without a budget, with one tracker page
open.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.processes import IBOV, prepare_script
from benchmarks.rig.readings import Tally, pss_bytes
from tests.instances import Instance, get, instance

IDLE_S = 60.0
PAGE_OPEN_S = 20.0
BUDGET_MB = 220.0
MB = 1_000_000


def report_memory(
    tally: Tally, running: Instance, title: str, budget_mb: float | None = None
) -> None:
    """Print the memory of each process, and the sum against the budget, if given."""
    tally.note(title)
    total_mb = 0.0
    for process in [running.process, *running.process.children(recursive=True)]:
        name = "redis" if "redis.sock" in " ".join(process.cmdline()) else process.name()
        size_mb = pss_bytes(process.pid) / MB
        total_mb += size_mb
        tally.line(f"  {name} ({process.pid})", size_mb, "MB")
    tally.line("all processes", total_mb, "MB", budget_mb)


def wait_for_update(socket: ClientConnection) -> None:
    while json.loads(socket.recv(timeout=30))["type"] != "update":
        pass


def main(idle_s: float) -> None:
    prepare_script()
    tally = Tally("memory of an idle instance (proportional set size)")
    query = "&".join(f"stockpicker={symbol}" for symbol in IBOV[:20])
    with (
        tempfile.TemporaryDirectory(prefix="pregao-memory-") as folder,
        instance(Path(folder) / "data") as running,
    ):
        time.sleep(idle_s)
        report_memory(tally, running, f"after {idle_s:g} s without a visitor", BUDGET_MB)
        assert get(f"{running.url}/stocktracker?{query}")[0] == 200
        url = f"{running.url.replace('http', 'ws', 1)}/ws/stock/track/?{query}"
        with connect(url, origin=Origin(running.url), proxy=None) as socket:
            wait_for_update(socket)
            time.sleep(min(idle_s, PAGE_OPEN_S))
            wait_for_update(socket)
            report_memory(tally, running, "with one tracker page of 20 symbols, prices moving")
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle-s", type=float, default=IDLE_S)
    main(parser.parse_args().idle_s)
