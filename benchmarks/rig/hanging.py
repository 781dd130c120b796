"""A worker whose simulated source hangs while a file exists.

`python -m benchmarks.rig.hanging <file>`
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.quotes import Quote
from project.celery import app
from project.launcher import WORKER

gave = SimulatedProvider.quotes


def quotes(self: SimulatedProvider, symbols: Sequence[str]) -> dict[str, Quote]:
    while Path(sys.argv[1]).exists():
        time.sleep(0.05)
    return dict(gave(self, symbols))


if __name__ == "__main__":
    SimulatedProvider.quotes = quotes  # type: ignore[method-assign] # the fault itself
    app.worker_main(WORKER.partition("-A project ")[2].split())
