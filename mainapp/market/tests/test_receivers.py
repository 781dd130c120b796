import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import DatabaseError

from mainapp.core.redis import client as redis_client
from mainapp.market import board as boards
from mainapp.market import receivers
from mainapp.market.board import FeedStatus
from mainapp.market.receivers import BatchWatchdog, renew_worker_lease
from mainapp.market.services import updating
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import StockFactory
from mainapp.market.tests.quotes import make_quote
from mainapp.market.tests.sources import TestSource, chain_of
from mainapp.market.tests.test_updating import prices, watched

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source(monkeypatch, transactional_db):
    StockFactory(symbol="PETR4")
    source = TestSource(prices={"PETR4": "38.42"})
    chain = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: chain)
    watched("PETR4")
    updating.restore_board()
    return source


def due_in(seconds, *, ended_s=0):
    at = datetime.now(UTC)
    batch_at = at - timedelta(seconds=ended_s)
    status = FeedStatus(batch_at=batch_at, next_due_at=at + timedelta(seconds=seconds))
    updating.quote_board().put([], status)


def test_worker_lease_expires_soon():
    renew_worker_lease(is_resumed=False)

    assert 1000 < redis_client().pttl(boards.WORKER_KEY) <= boards.WORKER_LEASE_MS


@pytest.mark.parametrize(("seconds", "runs"), [(-2, 1), (-0.5, 0), (10, 0)])
def test_overdue_batch_runs(source, seconds, runs):
    due_in(seconds)

    BatchWatchdog().run_overdue_batch(is_resumed=False)

    assert len(source.requests) == runs


def test_one_batch_runs_at_once_after_an_interruption(source, monkeypatch):
    monkeypatch.setattr(receivers, "LEASE_WAIT_S", 0.0)
    due_in(10, ended_s=10)
    watchdog = BatchWatchdog()

    watchdog.run_overdue_batch(is_resumed=True)
    due_in(10)
    watchdog.run_overdue_batch(is_resumed=False)

    assert len(source.requests) == 1


@pytest.mark.parametrize(
    ("ended_s", "due_s", "runs"),
    [(5, 10, 0), (0, 10.9, 0), (5, 0, 0), (5, 30, 1), (11, 10, 1), (5, -2, 1)],
    ids=["others ran", "just ran early", "due now", "B3 is closed", "nobody ran", "overdue"],
)
def test_no_batch_runs_after_an_interruption_if_others_ran_them(
    settings, source, monkeypatch, ended_s, due_s, runs
):
    settings.UPDATE_INTERVAL_S = 10
    monkeypatch.setattr(receivers, "LEASE_WAIT_S", 0.0)
    due_in(due_s, ended_s=ended_s)

    BatchWatchdog().run_overdue_batch(is_resumed=True)

    assert len(source.requests) == runs


def test_batch_runs_after_a_lost_board_although_another_worker_ran_one(source, monkeypatch):
    """That one came before the web processes had renewed their leases."""
    now = 0.0
    monkeypatch.setattr(receivers, "monotonic", lambda: now)
    redis_client().flushall()
    watchdog = BatchWatchdog()
    watchdog.run_overdue_batch(is_resumed=False)
    assert source.requests == []
    watched("PETR4")
    due_in(10)

    now = receivers.LEASE_WAIT_S
    watchdog.run_overdue_batch(is_resumed=False)

    assert len(source.requests) == 1


def test_batch_after_an_interruption_waits_for_renewed_leases(source):
    due_in(10)
    watchdog = BatchWatchdog()

    watchdog.run_overdue_batch(is_resumed=True)

    assert source.requests == []


def test_lost_board_is_restored(source, caplog):
    record_quotes(quotes=[make_quote()], at=datetime.now(UTC))
    redis_client().flushall()
    caplog.set_level("INFO")

    BatchWatchdog().run_overdue_batch(is_resumed=False)

    assert prices() == {"PETR4": "38.42"}
    assert "the board was lost" in caplog.text


def run_repeatedly(job):
    """Run the loop of a worker's thread until `job` ends it."""
    receivers.stopped.clear()
    thread = threading.Thread(target=receivers._repeat, args=[job], name="repeated-job")
    thread.start()
    thread.join(10)
    receivers.stopped.clear()
    assert not thread.is_alive()


def test_job_is_repeated_and_informed_of_interruptions(monkeypatch, caplog):
    monkeypatch.setattr(receivers, "PULSE_S", 0.001)
    monkeypatch.setattr(receivers, "MAX_PAUSE_S", 0.2)
    calls = []
    faults = {2: redis.ConnectionError("away"), 3: DatabaseError("away"), 6: LookupError("a bug")}

    def job(is_resumed):
        calls.append(is_resumed)
        if len(calls) == 10:
            receivers.stopped.set()
        if fault := faults.get(len(calls)):
            raise fault

    run_repeatedly(job)

    # True at the start, and again after each failure of a store.
    assert calls == [True, False, True, True, False, False, False, False, False, False]
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", "job waits: away"),
        ("ERROR", "job failed and will be retried"),
    ]


def test_suspended_worker_counts_as_interrupted(monkeypatch):
    monkeypatch.setattr(receivers, "MAX_PAUSE_S", -1.0)  # any pause counts as a suspension
    monkeypatch.setattr(receivers, "PULSE_S", 0.001)
    calls = []

    def job(is_resumed):
        calls.append(is_resumed)
        if len(calls) == 3:
            receivers.stopped.set()

    run_repeatedly(job)

    assert calls == [True, True, True]


def test_worker_starts_and_stops_both_threads(source, monkeypatch):
    monkeypatch.setattr(receivers, "PULSE_S", 0.01)
    due_in(-2)
    receivers.stopped.clear()
    receivers.start_threads()
    deadline = time.monotonic() + 5
    while not (redis_client().exists(boards.WORKER_KEY) and prices()):
        assert time.monotonic() < deadline

    receivers.stop_threads()

    names = {"renew_worker_lease", "run_overdue_batch"}
    for thread in threading.enumerate():
        if thread.name in names:
            thread.join(5)
            assert not thread.is_alive()
    receivers.stopped.clear()
