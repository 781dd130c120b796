"""Cost of one hostile anonymous socket to the other clients of `project.serve`.

20 clients request a pong 20 times a second. Their p99 is measured alone and during each attack,
with the server's peak resident memory. The attacker has one socket at a time, and opens another
0.1 s after it was closed. Both p99s are the best of several alternating rounds, because the machine
is shared. Arguments choose attacks by name.
"""

import math
import sys
from collections import Counter
from pathlib import Path
from threading import Event, Thread
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.attacker import ATTACKS
from benchmarks.rig.processes import Rig, Worker, port_of
from benchmarks.rig.readings import Tally, rss_bytes

CLIENTS, ROUND_S, ROUNDS = 20, 1.0, 3
DELAY_BUDGET_TIMES, MEMORY_BUDGET_MIB = 2.0, 16.0
MIB = 2**20


class Peak:
    """The highest resident memory of a process while the `with` block runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.before = self.highest = rss_bytes(pid)
        self._ended = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def growth_mib(self) -> float:
        return (self.highest - self.before) / MIB

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            self.highest = max(self.highest, rss_bytes(self._pid))


class Attacked:
    """The figures of one kind of attack, the best of ROUNDS."""

    def __init__(self, kind: str, *, pid: int, port: int, pinger: Worker, attacker: Worker) -> None:
        self.alone_ms = self.during_ms = math.inf
        self.sent_mib = self.growth_mib = 0.0
        self.codes: Counter[str] = Counter()
        for _ in range(ROUNDS):
            self.alone_ms = min(self.alone_ms, p99(pinger))
            with Peak(pid) as peak:
                attacker.call("start", kind=kind, port=port)
                self.during_ms = min(self.during_ms, p99(pinger))
                result: dict[str, Any] = attacker.call("stop")
            self.growth_mib = max(self.growth_mib, peak.growth_mib)
            self.sent_mib += result["sent"] / MIB
            self.codes.update(result["codes"])


def p99(pinger: Worker) -> float:
    delay_ms: float = pinger.call("measure", seconds=ROUND_S)["p99"]
    return delay_ms


def main() -> None:
    tally = Tally(f"{CLIENTS} clients and one hostile socket")
    with (
        Rig(SOCKETS_A_MINUTE_ADDRESS="1200", SOCKETS_PER_ADDRESS="1000") as rig,
        rig.on_failure_show_log(),
    ):
        rig.start_redis()
        rig.prepare()
        listener = rig.listen()
        web = rig.web(listener)
        port = port_of(listener)
        pinger, attacker = rig.worker("pinger"), rig.worker("attacker")
        pinger.call("open", port=port, count=CLIENTS)
        pinger.call("measure", seconds=ROUND_S)  # warm-up
        for kind in sys.argv[1:] or ATTACKS:
            seen = Attacked(kind, pid=web.pid, port=port, pinger=pinger, attacker=attacker)
            closed = ", ".join(f"{code} ({n} times)" for code, n in seen.codes.items()) or "never"
            tally.note(f"{kind}: {seen.sent_mib:.1f} MiB accepted; closed with {closed}")
            tally.line("  p99 of the others, alone", seen.alone_ms, "ms")
            tally.line("  p99 of the others, during the attack", seen.during_ms, "ms")
            delay_times = seen.during_ms / seen.alone_ms
            tally.line("  ratio of the two", delay_times, "times", DELAY_BUDGET_TIMES)
            tally.line("  growth of the server's memory", seen.growth_mib, "MiB", MEMORY_BUDGET_MIB)
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
