"""The scheduler of beat: its lease, the number in its messages, and the saved times of runs."""

from datetime import UTC, datetime

import pytest
from django_celery_beat.models import PeriodicTask

from mainapp.core.leases import acquire_lease
from mainapp.core.redis import client
from mainapp.market.board import BEAT
from mainapp.market.services import updating
from mainapp.market.services.scheduling import ensure_periodic_tasks
from mainapp.market.tasks import update_stock
from project.celery import app
from project.periodic import NUMBER_HEADER
from project.scheduler import STANDBY_S, Scheduler

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(monkeypatch):
    """Return the names and numbers of the messages that beats send."""
    messages = []

    def send(task, args, kwargs, headers=None, **_options):
        messages.append((task.name, headers[NUMBER_HEADER]))

    monkeypatch.setattr("celery.app.task.Task.apply_async", send)
    return messages


@pytest.fixture
def beat(sent):
    """Return a function that makes a scheduler with one task, `update_stock`."""
    client().delete(BEAT.key)
    ensure_periodic_tasks()
    PeriodicTask.objects.exclude(name="update_stock").delete()

    def make():
        scheduler = Scheduler(app=app)
        scheduler._finalize.cancel()
        return scheduler

    return make


def last_run():
    return PeriodicTask.objects.get(name="update_stock").last_run_at


def run_due_task(scheduler):
    PeriodicTask.objects.update(last_run_at=datetime(2026, 1, 1, tzinfo=UTC))
    scheduler._initial_read, scheduler._heap = True, None
    scheduler.producer = None
    scheduler.tick()


def test_second_beat_waits(beat, sent):
    first, second = beat(), beat()
    run_due_task(first)
    assert sent == [("update_stock", 1)]

    assert second.tick() == STANDBY_S
    assert second.lease is None
    assert len(sent) == 1


def test_time_of_a_run_is_saved_at_once_so_that_the_next_beat_does_not_repeat_it(beat, sent):
    first, second = beat(), beat()
    run_due_task(first)
    client().delete(BEAT.key)  # the first one was killed
    second.producer = None
    second.tick()

    assert (second.lease.number, len(sent)) == (2, 1)


def test_beat_that_was_paused_overwrites_no_time_of_a_run(beat):
    first, second = beat(), beat()
    run_due_task(first)
    client().delete(BEAT.key)  # it expires while the first one is paused
    second.tick()
    later = datetime(2026, 2, 1, tzinfo=UTC)
    PeriodicTask.objects.update(last_run_at=later)
    first._dirty.add("update_stock")
    first.sync()

    assert last_run() == later


def test_saved_time_leaves_the_changes_of_an_admin(beat):
    scheduler = beat()
    scheduler.tick()
    PeriodicTask.objects.update(description="changed meanwhile")
    run_due_task(scheduler)
    scheduler.schedule["update_stock"].save()

    assert PeriodicTask.objects.get(name="update_stock").description == "changed meanwhile"


def test_beat_that_ends_releases_its_lease(beat):
    first, second = beat(), beat()
    first.tick()
    first.close()
    second.tick()

    assert second.lease.number == 2


@pytest.mark.parametrize(("number", "runs"), [(1, 0), (2, 1), (3, 1), (None, 1)])
def test_task_of_an_outdated_beat_is_refused(monkeypatch, number, runs):
    client().delete(BEAT.key)
    for _ in range(2):
        acquire_lease(BEAT).release()
    ran = []
    monkeypatch.setattr(updating, "update_watched", lambda **_: ran.append(True))
    headers = {} if number is None else {NUMBER_HEADER: number}

    update_stock.apply(headers=headers)

    assert len(ran) == runs
