"""Seats of an event while the processes that order them are killed, on both databases."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.instances import ROOT, START_S, environment, run, wait_for

WORKERS, KILLS = 3, 6
PREPARE = """
import django; django.setup()
from mainapp.accounts.models import User
from mainapp.agenda.tests.factories import make_event
User.objects.bulk_create(User(username=f"u{n}") for n in range(40))
event = make_event(seats=7)
assert event.pk == 1
"""
CHECK = """
import django; django.setup()
import json
from django.db.models import Count
from mainapp.agenda.models import Event, Order
event = Event.objects.get()
rows = Order.objects.filter(state__in=Order.OPEN)
doubled = rows.values("user").annotate(n=Count("pk")).filter(n__gt=1).count()
waiting = rows.filter(state="waiting").values_list("seats", flat=True)
print(json.dumps({
    "orders": Order.objects.count(),
    "taken": event.taken,
    "sold": sum(rows.filter(state="confirmed").values_list("seats", flat=True)),
    "could_sit": sum(seats <= event.free_seats for seats in waiting),
    "doubled": doubled,
}))
"""


def first_ready(workers, env):
    """Return the number of a worker that has changed an order, in a list."""
    ready = [n for n in workers if Path(env["DATA_DIR"], f"ready-{n}").exists()]
    return ready[:1]


def start(number, env):
    return subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "tests.ops.seat_worker", str(number)],
        env=environment(**env),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.timeout(400)
def test_taken_seats_are_those_of_the_orders_under_kills(database_env):
    env = database_env
    assert run("manage.py", "migrate", "-v0", timeout_s=200, **env).returncode == 0
    prepared = run("-c", PREPARE, **env)
    assert prepared.returncode == 0, prepared.stderr
    workers = {number: start(number, env) for number in range(WORKERS)}
    choice = random.Random(1)  # noqa: S311 - a test
    for kill in range(KILLS):
        (number,) = wait_for(lambda: first_ready(workers, env), START_S, "a worker with orders")
        time.sleep(choice.uniform(0.1, 0.5))  # kills at any point of its work
        workers[number].send_signal(signal.SIGKILL)
        workers.pop(number).wait()
        workers[WORKERS + kill] = start(WORKERS + kill, env)
    for worker in workers.values():
        worker.kill()
        worker.wait()

    checked = run("-c", CHECK, **env)
    assert checked.returncode == 0, checked.stderr
    state = json.loads(checked.stdout)
    print(state)  # noqa: T201 - the figures of the run
    assert state["orders"] > 7
    assert state["taken"] == state["sold"] <= 7
    assert (state["could_sit"], state["doubled"]) == (0, 0)
