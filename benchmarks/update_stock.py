"""Delay of a quote from beat to the browser's socket, step by step, in a whole instance.

Redis' MONITOR shows when beat queued the task, when a run took its lease and when the batch was
published; a client records the arrival of its frame. Then the client subscribes to symbols that
nobody watches: the time to their first quote, compared with waiting for the next batch.
"""

import contextlib
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
from tests.instances import instance

INTERVAL_S, BATCHES = 5, 6
FIRST_QUOTE_S = 1.5
DEFAULT_INTERVAL_S = 10
STEPS = ("queued", "started", "published")
WARM_UP_FRAMES = 8
UNWATCHED = ("BOVA11", "HGLG11", "IVVB11", "KNRI11", "SMAL11")


class Timeline(threading.Thread):
    """Times at which beat queued a task, a run began and a batch was published."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        # redis-py's default of 5 s ended the thread between two batches, and so every run.
        self.client = redis.Redis(unix_socket_path=str(path), socket_timeout=None)
        self.steps: list[tuple[str, float]] = []

    def run(self) -> None:
        with (
            contextlib.suppress(redis.ConnectionError),  # the instance ended
            self.client.monitor() as monitor,  # type: ignore[no-untyped-call] # redis-py
        ):
            for entry in monitor.listen():
                self._record(entry["command"], entry["time"])

    def _record(self, command: str, at: float) -> None:
        verb, _, arguments = command.partition(" ")
        name = arguments.partition(" ")[0]
        if verb == "LPUSH" and name.endswith("update"):
            self.steps.append(("queued", at))
        elif verb == "SET" and name.endswith("update_stock") and " NX" in arguments:
            self.steps.append(("started", at))
        elif verb == "PUBLISH" and "stock_track" in name:
            self.steps.append(("published", at))

    def has_seen_all_steps(self) -> bool:
        return {name for name, _ in self.steps} == set(STEPS)

    def last_before(self, step: str, at: float) -> float:
        """Return the last time of `step`. Raises: RuntimeError if MONITOR never showed it."""
        times = [moment for name, moment in self.steps if name == step and moment <= at]
        if not times:
            seen = sorted({name for name, _ in self.steps})
            raise RuntimeError(f"MONITOR showed no step {step!r}, only {seen}")
        return max(times)


def next_update(socket: ClientConnection) -> tuple[dict[str, Any], float]:
    while True:
        frame = json.loads(socket.recv(timeout=30))
        if frame["type"] == "update":
            return frame, time.time()


def report_delays(tally: Tally, timeline: Timeline, socket: ClientConnection) -> None:
    delays: dict[str, list[float]] = {step: [] for step in STEPS}
    # The first frames are from the connect's own fetch, not from a task of beat.
    for _ in range(WARM_UP_FRAMES):
        if next_update(socket) and timeline.has_seen_all_steps():
            break
    for _ in range(BATCHES):
        _, at = next_update(socket)
        time.sleep(0.2)  # MONITOR's line may come after the frame
        for step, delays_ms in delays.items():
            delays_ms.append((at - timeline.last_before(step, at)) * 1000)
    for step, text in (
        ("queued", "from beat's queueing to the socket"),
        ("started", "from the task's lease to the socket"),
        ("published", "from the publication to the socket"),
    ):
        tally.line(f"{text}, median of {BATCHES}", percentile(delays[step], 50), "ms")
        tally.line(f"{text}, worst", max(delays[step]), "ms")


def report_first_quotes(tally: Tally, socket: ClientConnection) -> None:
    waits_s = []
    for symbol in UNWATCHED:
        next_update(socket)  # just after a batch: the next is 5 s away
        subscribed_at = time.time()
        socket.send(json.dumps({"type": "subscribe", "symbols": [symbol]}))
        while True:
            frame = json.loads(socket.recv(timeout=30))
            if symbol in frame.get("quotes", {}):
                break
        waits_s.append(time.time() - subscribed_at)
    tally.line(
        f"first quote of a symbol nobody watched, median of {len(UNWATCHED)}",
        percentile(waits_s, 50),
        "s",
    )
    tally.line("first quote of a symbol nobody watched, worst", max(waits_s), "s", FIRST_QUOTE_S)
    mean_s = DEFAULT_INTERVAL_S / 2
    tally.ratio("waiting for the batch (10 s apart: 5 s) over it", mean_s, percentile(waits_s, 50))


def main() -> None:
    prepare_script()
    tally = Tally("update_stock: from beat to the socket")
    with tempfile.TemporaryDirectory(prefix="pregao-update-") as folder:
        data_dir = Path(folder) / "data"
        with instance(data_dir, UPDATE_INTERVAL_S=str(INTERVAL_S)) as running:
            timeline = Timeline(socket_path(data_dir))
            timeline.start()
            query = "&".join(f"stockpicker={symbol}" for symbol in itertools.islice(IBOV, 20))
            url = f"{running.url.replace('http', 'ws', 1)}/ws/stock/track/?{query}"
            with connect(url, origin=Origin(running.url), proxy=None) as socket:
                report_delays(tally, timeline, socket)
                report_first_quotes(tally, socket)
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
