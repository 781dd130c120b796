"""From beat to the socket: a whole instance, its batches timed step by step.

Redis' own MONITOR tells when beat queued the task, when a run took its lease, and when the batch
was published; a client tells when its frame came. Then a symbol that nobody watched is asked for:
the time to its first quote, beside waiting for the next batch.
"""

import itertools
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import redis
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.processes import IBOV, prepare_script
from benchmarks.rig.readings import Tally, percentile
from project.embedded import socket_path
from tests.instances import instance, redis_key

INTERVAL_S, BATCHES = 5, 6
FIRST_QUOTE_S = 1.5
DEFAULT_INTERVAL_S = 10
NEW = ("BOVA11", "HGLG11", "IVVB11", "KNRI11", "SMAL11")


class Timeline(threading.Thread):
    """When beat queued, a run began and a batch was published, on the wall clock."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.client = redis.Redis(unix_socket_path=str(path))
        self.steps: list[tuple[str, float]] = []

    def run(self) -> None:
        try:
            with self.client.monitor() as monitor:  # type: ignore[no-untyped-call] # redis-py
                for entry in monitor.listen():
                    self._take(entry["command"], entry["time"])
        except (redis.RedisError, ValueError, OSError):
            return  # the instance ended

    def _take(self, command: str, at: float) -> None:
        if command.startswith(f"LPUSH {redis_key('celery', 'update')} "):
            self.steps.append(("queued", at))
        elif command.startswith(f"SET {redis_key('update_stock')} ") and " NX" in command:
            self.steps.append(("begun", at))
        elif command.startswith("PUBLISH ") and "stock_track" in command[:60]:
            self.steps.append(("published", at))

    def before(self, step: str, at: float) -> float:
        return max(moment for name, moment in self.steps if name == step and moment <= at)


def next_update(socket: ClientConnection) -> tuple[dict[str, Any], float]:
    while True:
        frame = json.loads(socket.recv(timeout=30))
        if frame["type"] == "update":
            return frame, time.time()


def batches(tally: Tally, timeline: Timeline, socket: ClientConnection) -> None:
    delays: dict[str, list[float]] = {"queued": [], "begun": [], "published": []}
    next_update(socket)
    for _ in range(BATCHES):
        _, at = next_update(socket)
        time.sleep(0.2)  # MONITOR's line may come after the frame
        for step, found in delays.items():
            found.append((at - timeline.before(step, at)) * 1000)
    for step, text in (
        ("queued", "from beat's sending to the socket"),
        ("begun", "from the task's lease to the socket"),
        ("published", "from the publication to the socket"),
    ):
        tally.line(f"{text}, median of {BATCHES}", percentile(delays[step], 50), "ms")
        tally.line(f"{text}, worst", max(delays[step]), "ms")


def first_quotes(tally: Tally, socket: ClientConnection) -> None:
    waits = []
    for symbol in NEW:
        next_update(socket)  # just after a batch: the next is 5 s away
        begun = time.time()
        socket.send(json.dumps({"type": "subscribe", "symbols": [symbol]}))
        while True:
            frame = json.loads(socket.recv(timeout=30))
            if symbol in frame.get("quotes", {}):
                break
        waits.append(time.time() - begun)
    tally.line(
        f"first quote of a symbol nobody watched, median of {len(NEW)}", percentile(waits, 50), "s"
    )
    tally.line("first quote of a symbol nobody watched, worst", max(waits), "s", FIRST_QUOTE_S)
    mean_s = DEFAULT_INTERVAL_S / 2
    tally.ratio("waiting for the batch (10 s apart: 5 s) over it", mean_s, percentile(waits, 50))


def main() -> None:
    prepare_script()
    tally = Tally("update_stock, from beat to the socket")
    with tempfile.TemporaryDirectory(prefix="pregao-update-") as folder:
        data_dir = Path(folder) / "data"
        with instance(data_dir, UPDATE_INTERVAL_S=str(INTERVAL_S)) as running:
            timeline = Timeline(socket_path(data_dir))
            timeline.start()
            asked = "&".join(f"stockpicker={symbol}" for symbol in itertools.islice(IBOV, 20))
            url = f"{running.url.replace('http', 'ws', 1)}/ws/stock/track/?{asked}"
            with connect(url, origin=Origin(running.url), proxy=None) as socket:
                batches(tally, timeline, socket)
                first_quotes(tally, socket)
    sys.exit(bool(tally.missed))


if __name__ == "__main__":
    main()
