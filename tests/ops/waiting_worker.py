"""A real worker with short leases, and with a task that waits for a file."""

import os
import sys
from pathlib import Path
from time import sleep

from celery.signals import worker_init

from mainapp.core import redis

redis.LEASE_RENEWAL_S = 0.5
from project.broker import leases  # noqa: E402 - it reads the period above
from project.celery import app, start_worker  # noqa: E402 - the settings do too
from project.launcher import WORKER  # noqa: E402

leases.ORPHANED_AFTER_S = 3.0
worker_init.disconnect(start_worker)  # it waits for a schema, and this worker has no database


@app.task(name="wait_for_file", ignore_result=True)
def wait_for_file(folder: str, name: str) -> None:
    """Append this process's id to the file `name`.runs, and wait for the file `name`.end."""
    with Path(folder, f"{name}.runs").open("a") as runs:
        runs.write(f"{os.getpid()}\n")
    while not Path(folder, f"{name}.end").exists():
        sleep(0.02)


if __name__ == "__main__":
    arguments = WORKER.partition("-A project ")[2].split()
    app.worker_main([*arguments[:-1], f"worker{sys.argv[1]}@%h"])
