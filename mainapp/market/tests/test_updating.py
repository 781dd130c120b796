import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market import board as boards
from mainapp.market import watch
from mainapp.market.board import BATCH_KEY, FeedStatus
from mainapp.market.board.entries import parse_entry
from mainapp.market.models import LastQuote, RejectedQuotes
from mainapp.market.providers.base import Budget
from mainapp.market.providers.breaker import Admission
from mainapp.market.providers.guard import Guard
from mainapp.market.quotes import NewestTimes
from mainapp.market.services import claims, updating
from mainapp.market.services.recording import record_quotes
from mainapp.market.services.scheduling import ensure_periodic_tasks
from mainapp.market.services.updating import (
    is_overdue,
    restore_board,
    update_listed,
    update_watched,
)
from mainapp.market.signals import quotes_recorded
from mainapp.market.tests.factories import StockFactory
from mainapp.market.tests.quotes import make_quote
from mainapp.market.tests.sources import TestSource, chain_of

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)
SUNDAY, TUESDAY = datetime(2026, 3, 8, 15, tzinfo=UTC), datetime(2026, 3, 10, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _stocks(transactional_db):
    for symbol in ("PETR4", "VALE3", "ITUB4"):
        StockFactory(symbol=symbol)


@pytest.fixture
def source(monkeypatch):
    source = TestSource(prices={"PETR4": "38.42", "VALE3": "61.00", "ITUB4": "32.00"})
    chain = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: chain)
    return source


@pytest.fixture
def real_source(monkeypatch, settings):
    settings.QUOTE_KIND = "real"
    updating.quote_board.cache_clear()
    source = TestSource(kind="real", prices={"PETR4": "38.42"})
    chain = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: chain)
    yield source
    updating.quote_board.cache_clear()


def watched(*symbols, name="web"):
    redis_client().sadd(key("watch", name), *symbols)
    watch.REGISTRY.add(redis_client(), name)


def prices():
    """Return the prices on the board."""
    contents = {}
    for symbol, raw in redis_client().hgetall(boards.board_key("simulated")).items():
        if not symbol.startswith(b"@"):
            contents[symbol.decode()] = str(parse_entry(symbol, raw, NewestTimes())[1].price)
    return contents


@contextmanager
def running(function, **arguments):
    """Run a function in a thread; yield the future of its result."""

    def run():
        try:
            return function(**arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(run)


def now():
    return datetime.now(UTC)


# The batch -----------------------------------------------------------------------------------


def test_batch_fetches_watched_and_needed_symbols(source, monkeypatch):
    monkeypatch.setattr(watch, "_needs", [lambda: ["ITUB4"]])
    watched("PETR4")
    watched("PETR4", "VALE3", name="other")
    at = now()

    assert update_watched(at=at) is True

    assert source.requests == [["ITUB4", "PETR4", "VALE3"]]
    assert prices() == {"PETR4": "38.42", "VALE3": "61.00", "ITUB4": "32.00"}
    assert LastQuote.objects.count() == 3
    status = updating.quote_board().status()
    assert status.next_due_at == at + timedelta(seconds=10)
    assert abs(status.batch_at - at) < 5 * SECOND


def test_unwatched_symbol_is_not_fetched(source):
    assert update_watched(at=now()) is True

    assert source.requests == []
    assert updating.quote_board().status() is not None


def test_batch_waits_for_its_due_time_unless_at_once(source):
    watched("PETR4")
    at = now()
    update_watched(at=at)

    assert update_watched(at=at + 8.9 * SECOND) is False
    assert update_watched(at=at + SECOND, at_once=True) is True
    assert update_watched(at=at + 10.1 * SECOND) is True
    assert len(source.requests) == 3


@pytest.mark.parametrize("interval_s", [1, 2, 10])
@pytest.mark.parametrize("offset", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_two_beats_fetch_no_more_often_than_one(source, interval_s, offset):
    watched("PETR4")
    ensure_periodic_tasks()
    IntervalSchedule.objects.update(every=interval_s)
    start, runs = now(), 6

    for number in range(runs):
        for beat in (0.0, offset):
            update_watched(at=start + (number + beat) * interval_s * SECOND)

    # A run may start early, but takes the next one's time.
    assert runs <= len(source.requests) <= runs + 1


def test_symbols_whose_call_failed_are_late_if_they_have_a_price(source, monkeypatch):
    monkeypatch.setattr(watch, "_needs", [lambda: ["PETR4", "VALE3", "ITUB4"]])
    source.prices = {"PETR4": "38.42", "VALE3": "60.00"}
    at = now()
    update_watched(at=at)
    assert updating.quote_board().status().late == ()

    del source.prices["VALE3"]
    update_watched(at=at + 10 * SECOND)

    assert updating.quote_board().status().late == ("VALE3",)  # ITUB4 never had a price


def test_symbols_that_a_round_did_not_reach_come_first_in_the_next(source, monkeypatch):
    monkeypatch.setattr(watch, "_needs", [lambda: ["PETR4", "VALE3", "ITUB4"]])
    source.reach = 2
    at, late = now(), []

    for number in range(3):
        update_watched(at=at + number * 10 * SECOND)
        late.append(updating.quote_board().status().late)

    assert [request[:2] for request in source.requests] == [
        ["ITUB4", "PETR4"],
        ["VALE3", "ITUB4"],
        ["PETR4", "ITUB4"],
    ]
    assert late == [("VALE3",), ("PETR4",), ("VALE3",)]


def test_symbols_beyond_a_budget_come_first_in_the_next_round(source, monkeypatch):
    monkeypatch.setattr(watch, "_needs", [lambda: ["PETR4", "VALE3", "ITUB4"]])
    source.budget = Budget(calls=1_000_000, period="month")
    monkeypatch.setattr(source, "calls_for", len)
    monkeypatch.setattr(Guard, "admit", lambda *_, **__: Admission(calls=1))

    for number in range(3):
        update_watched(at=now() + number * 10 * SECOND)

    assert source.requests == [["ITUB4"], ["PETR4"], ["VALE3"]]


def test_board_and_publication_follow_the_commit(source, monkeypatch):
    watched("PETR4")
    order = []
    put = boards.Board.put

    def receive(**_):
        order.append(("recorded", prices(), LastQuote.objects.count()))

    def note_publication(batch):
        order.append(("published", prices(), batch[0][1]["quotes"]["PETR4"]["price"]))

    def note_put(self, quotes, status, **options):
        if quotes:
            order.append(("put", connection.in_atomic_block, LastQuote.objects.count()))
        return put(self, quotes, status, **options)

    monkeypatch.setattr(updating, "publish", note_publication)
    monkeypatch.setattr(boards.Board, "put", note_put)
    restore_board()
    quotes_recorded.connect(receive)
    try:
        update_watched(at=now())
    finally:
        quotes_recorded.disconnect(receive)

    assert order == [
        ("recorded", {}, 1),
        ("put", False, 1),
        ("published", {"PETR4": "38.42"}, "38.42"),
    ]


def test_failing_receiver_prevents_the_update_of_the_board(source):
    watched("PETR4")

    def fail(**_):
        raise LookupError("an alert failed")

    quotes_recorded.connect(fail)
    try:
        with pytest.raises(LookupError):
            update_watched(at=now())
    finally:
        quotes_recorded.disconnect(fail)

    assert (prices(), LastQuote.objects.count()) == ({}, 0)
    assert is_overdue(at=now())
    assert update_watched(at=now()) is True


def test_next_batch_repairs_a_run_killed_between_commit_and_board(source):
    watched("PETR4")
    restore_board()
    record_quotes(quotes=source.quotes(["PETR4"]).values(), at=now())
    assert prices() == {}

    update_watched(at=now())

    assert prices() == {"PETR4": "38.42"}


def test_rejected_quotes_are_counted(source):
    watched("PETR4", "VALE3")
    source.prices["PETR4"] = "NaN"

    update_watched(at=now())

    assert prices() == {"VALE3": "61.00"}
    assert RejectedQuotes.objects.get().reason == "not_finite"


def test_unusable_quote_is_counted_even_if_the_next_source_has_a_good_one(monkeypatch):
    doubtful = TestSource("doubtful", prices={"PETR4": "NaN"})
    chain = chain_of(doubtful, TestSource("good", prices={"PETR4": "38.42"}))
    monkeypatch.setattr(updating, "chain", lambda: chain)
    watched("PETR4")

    update_watched(at=now())

    assert prices() == {"PETR4": "38.42"}
    assert RejectedQuotes.objects.get().source == "doubtful"


# One run at a time ---------------------------------------------------------------------------


def test_second_batch_returns_at_once_and_listed_runs_are_not_blocked(source):
    watched("PETR4")
    source.can_reply.clear()
    with running(update_watched, at=now()) as first:
        assert source.started.wait(5)
        started = time.monotonic()
        assert update_watched(at=now(), at_once=True) is False
        assert time.monotonic() - started < 0.5
        assert source.requests == [["PETR4"]]

        source.started.clear()
        with running(update_listed, symbols=["VALE3"], run="first") as listed:
            assert source.started.wait(5)
            update_listed(symbols=["VALE3"], run="run")  # claimed: not fetched twice
            assert source.requests == [["PETR4"], ["VALE3"]]
            source.can_reply.set()
            listed.result(5)
        assert first.result(5) is True
    assert prices() == {"PETR4": "38.42", "VALE3": "61.00"}


def test_batch_skips_symbols_that_a_listed_run_is_fetching(source):
    watched("PETR4", "VALE3")
    source.can_reply.clear()
    with running(update_listed, symbols=["VALE3"], run="first") as listed:
        assert source.started.wait(5)
        source.can_reply.set()
        update_watched(at=now())
        listed.result(5)

    assert source.requests == [["VALE3"], ["PETR4"]]


def test_concurrent_batches_fetch_once(source):
    watched("PETR4")

    def run(_):
        try:
            return update_watched(at=at)
        finally:
            connection.close()

    at = now()
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(run, range(6))).count(True) == 1
    assert source.requests == [["PETR4"]]


def test_lease_is_renewed_during_a_run(source, monkeypatch):
    monkeypatch.setattr(claims, "LEASE_S", 0.3)
    monkeypatch.setattr(claims, "RENEW_S", 0.05)
    watched("PETR4")
    source.can_reply.clear()
    with running(update_watched, at=now()) as first:
        assert source.started.wait(5)
        deadline = time.monotonic() + 0.7
        while time.monotonic() < deadline:
            assert update_watched(at=now(), at_once=True) is False
            time.sleep(0.02)
        source.can_reply.set()
        assert first.result(5) is True
    assert not redis_client().exists(BATCH_KEY)


def test_lease_of_a_killed_run_expires(source):
    watched("PETR4")
    assert redis_client().lock(BATCH_KEY, timeout=0.1).acquire(blocking=False)
    assert update_watched(at=now()) is False

    deadline = time.monotonic() + 5
    while not update_watched(at=now()):
        assert time.monotonic() < deadline


def test_run_that_lost_its_lease_does_not_release_another(source, monkeypatch, caplog):
    monkeypatch.setattr(claims, "RENEW_S", 0.02)
    watched("PETR4")
    source.can_reply.clear()
    with running(update_watched, at=now()) as first:
        assert source.started.wait(5)
        redis_client().set(BATCH_KEY, "another's")
        while not caplog.records:
            time.sleep(0.01)
        source.can_reply.set()
        first.result(5)

    assert redis_client().get(BATCH_KEY) == b"another's"
    assert redis_client().ttl(BATCH_KEY) == -1


def test_run_that_was_paused_leaves_the_due_time_of_its_successor(source):
    watched("PETR4")
    updating.restore_board()
    source.can_reply.clear()
    with running(update_watched, at=now()) as paused:
        assert source.started.wait(5)
        redis_client().delete(BATCH_KEY)  # it expires while the run's process is stopped
        source.can_reply.set()
        successor_at = now() + timedelta(seconds=10)
        with claims.batch_lease() as batch:
            status = FeedStatus(
                batch_at=successor_at,
                next_due_at=successor_at + timedelta(seconds=10),
                pause_s=10.0,
            )
            updating.quote_board().put([], status, batch=batch)
            paused.result(5)

    assert updating.quote_board().status() == status
    assert updating.quote_board().placed(["PETR4"]) == {"PETR4"}


# Sources that fail or pause ------------------------------------------------------------------


def test_batch_stays_due_after_all_sources_failed(source):
    watched("PETR4")
    update_watched(at=now())
    before = updating.quote_board().status()
    source.fault = "unreachable"
    at = before.next_due_at

    for _ in range(3):  # with a closed and with an open breaker
        update_watched(at=at + 2 * SECOND)

    assert updating.quote_board().status() == before
    assert is_overdue(at=at + 2 * SECOND)
    assert not is_overdue(at=at)


def test_symbol_unknown_to_all_sources_is_not_a_failure(source):
    watched("XXXX3")
    at = now()

    update_watched(at=at)

    assert updating.quote_board().status().next_due_at == at + timedelta(seconds=10)


def test_source_that_spreads_its_budget_extends_the_interval(monkeypatch):
    source = TestSource(prices={"PETR4": "38.42"}, budget=Budget(calls=60, period="hour"))
    chain = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: chain)
    watched("PETR4")
    assert update_watched(at=now()) is True
    batch_at = updating.quote_board().status().batch_at

    assert update_watched(at=now(), at_once=True) is False

    status = updating.quote_board().status()
    assert (len(source.requests), status.batch_at) == (1, batch_at)
    assert status.next_due_at > now()


# Intervals -----------------------------------------------------------------------------------


def test_closed_market_is_polled_once_a_minute(real_source, time_machine):
    watched("PETR4")
    polled = []
    for seconds in range(0, 200, 10):
        time_machine.move_to(SUNDAY + seconds * SECOND, tick=False)
        if update_watched(at=SUNDAY + seconds * SECOND):
            polled.append(seconds)

    assert polled == [0, 60, 120, 180]
    assert len(real_source.requests) == 4


def test_open_market_is_polled_every_interval(real_source, time_machine):
    watched("PETR4")
    polled = []
    for seconds in range(0, 31, 5):
        time_machine.move_to(TUESDAY + seconds * SECOND, tick=False)
        if update_watched(at=TUESDAY + seconds * SECOND):
            polled.append(seconds)

    assert polled == [0, 10, 20, 30]


def test_simulated_market_never_closes(source, time_machine):
    watched("PETR4")
    time_machine.move_to(SUNDAY, tick=False)
    update_watched(at=SUNDAY)

    assert updating.quote_board().status().next_due_at == SUNDAY + 10 * SECOND


def test_interval_and_switch_in_the_admin_apply(source):
    ensure_periodic_tasks()
    watched("PETR4")
    every = IntervalSchedule.objects.create(every=2, period=IntervalSchedule.MINUTES)
    PeriodicTask.objects.filter(name="update_stock").update(interval=every)
    at = now()
    update_watched(at=at)
    assert updating.quote_board().status().next_due_at == at + timedelta(minutes=2)

    PeriodicTask.objects.filter(name="update_stock").update(enabled=False)

    assert update_watched(at=at + timedelta(hours=1)) is False
    assert update_watched(at=at + timedelta(hours=1), at_once=True) is False
    assert len(source.requests) == 1


# Listed runs ---------------------------------------------------------------------------------


def test_listed_run_fetches_only_its_symbols_and_sets_no_status(source):
    watched("PETR4")

    update_listed(symbols=["VALE3", "VALE3", "XXXX3"], run="run")

    assert source.requests == [["VALE3", "XXXX3"]]
    assert prices() == {"VALE3": "61.00"}
    assert updating.quote_board().status() is None


def test_claims_expire_after_the_source_timeout(source, settings):
    settings.SOURCE_TIMEOUT_S = 0.05
    update_listed(symbols=["VALE3"], run="run")

    deadline = time.monotonic() + 5
    while len(source.requests) < 2:
        update_listed(symbols=["VALE3"], run="run")
        assert time.monotonic() < deadline


def test_empty_list_makes_no_call(source):
    update_listed(symbols=[], run="run")

    assert source.requests == []


# The board -----------------------------------------------------------------------------------


def test_lost_board_is_restored_from_recorded_quotes(source):
    watched("PETR4", "VALE3")
    update_watched(at=now())
    assert restore_board() is False
    redis_client().flushall()

    assert restore_board() is True

    assert prices() == {"PETR4": "38.42", "VALE3": "61.00"}
    assert is_overdue(at=now())


def test_listed_run_restores_a_lost_board(source):
    record_quotes(quotes=[make_quote("ITUB4", "31.00")], at=now())
    redis_client().flushall()

    update_listed(symbols=["PETR4"], run="run")

    assert prices() == {"ITUB4": "31.00", "PETR4": "38.42"}
