"""Processes that record rising prices of PETR4, and are killed while ideas reach their targets.

Each is forked from this process, which itself never connects to the database.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import django

# Points at which a process kills itself; "publishing" is after the commit.
POINTS = ("judging", "announcing", "committing", "publishing")
KILLS, WORKERS = 6, 2
LAST_STEP = 60


def main() -> None:
    django.setup()
    for step, point in enumerate(POINTS, start=1):
        killed = fork(partial(record_and_die, step, point))
        assert os.waitpid(killed, 0)[1] == signal.SIGKILL, point
        recorder = fork(partial(record_step, step))
        assert os.waitpid(recorder, 0)[1] == 0, point
    choice = random.Random(1)  # noqa: S311 - a test
    workers = [fork(record_on) for _ in range(WORKERS)]
    for _ in range(KILLS):
        time.sleep(choice.uniform(0.1, 0.4))  # kills at any point of its work
        killed = workers.pop(0)
        os.kill(killed, signal.SIGKILL)
        os.waitpid(killed, 0)
        workers.append(fork(record_on))
    for worker in workers:
        assert os.waitpid(worker, 0)[1] == 0


def fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return pid


def record_and_die(step: int, point: str) -> None:
    """Record a price, and kill this process at a point."""
    from mainapp.ideas import receivers  # noqa: PLC0415 - needs the settings
    from mainapp.ideas.services import outcomes  # noqa: PLC0415 - needs the settings

    def announce_and_die(**arguments: Any) -> None:
        announce(**arguments)
        die()

    announce = outcomes.announce
    if point == "judging":
        receivers.judge_ideas = die
    elif point != "publishing":
        outcomes.announce = die if point == "announcing" else announce_and_die
    record_step(step)
    die()


def record_on() -> None:
    while (step := last_step() + 1) <= LAST_STEP:
        record_step(step)


def record_step(step: int) -> None:
    from mainapp.ideas.tests.factories import record  # noqa: PLC0415 - needs the settings

    record(f"{36 + step / 20:.2f}", minutes=step)


def last_step() -> int:
    from mainapp.market.selectors.quotes import last_quotes  # noqa: PLC0415 - needs the settings
    from mainapp.market.tests.factories import NOON  # noqa: PLC0415 - needs the settings

    quoted_at = last_quotes(["PETR4"])["PETR4"].quoted_at
    assert quoted_at is not None
    return int((quoted_at - NOON).total_seconds() // 60)


def die(**_: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
