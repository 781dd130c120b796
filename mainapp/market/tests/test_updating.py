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
from mainapp.market.models import LastQuote, RejectedQuotes
from mainapp.market.providers.base import Budget
from mainapp.market.services import updating
from mainapp.market.services.recording import record_quotes
from mainapp.market.services.updating import (
    ensure_periodic_task,
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
    worked = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: worked)
    return source


@pytest.fixture
def real_source(monkeypatch, settings):
    settings.SIMULATED = False
    updating.quote_board.cache_clear()
    source = TestSource(simulated=False, prices={"PETR4": "38.42"})
    worked = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: worked)
    yield source
    updating.quote_board.cache_clear()


def watched(*symbols, name="web"):
    redis_client().sadd(key("watch", name), *symbols)
    redis_client().zadd(watch.REGISTRY, {name: time.time()})


def prices():
    """Return what is on the board."""
    contents = {}
    for symbol, raw in redis_client().hgetall(boards.board_key(True)).items():
        if not symbol.startswith(b"@"):
            contents[symbol.decode()] = str(boards._parse(raw)[1].price)
    return contents


@contextmanager
def running(function, **arguments):
    """Run it in a thread; the result comes from the future."""

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


def test_batch_is_what_is_watched_and_needed(source, monkeypatch):
    monkeypatch.setattr(watch, "_needs", [lambda: ["ITUB4"]])
    watched("PETR4")
    watched("PETR4", "VALE3", name="other")
    at = now()

    assert update_watched(at=at) is True

    assert source.asked == [["ITUB4", "PETR4", "VALE3"]]
    assert prices() == {"PETR4": "38.42", "VALE3": "61.00", "ITUB4": "32.00"}
    assert LastQuote.objects.count() == 3
    status = updating.quote_board().status()
    assert status.next_due_at == at + timedelta(seconds=10)
    assert abs(status.batch_at - at) < 5 * SECOND


def test_symbol_that_nobody_watches_is_not_fetched(source):
    assert update_watched(at=now()) is True

    assert source.asked == []
    assert updating.quote_board().status() is not None


def test_batch_that_is_not_due_waits_unless_it_is_wanted_at_once(source):
    watched("PETR4")
    at = now()
    update_watched(at=at)

    assert update_watched(at=at + 8.9 * SECOND) is False
    assert update_watched(at=at + SECOND, at_once=True) is True
    assert update_watched(at=at + 10.1 * SECOND) is True
    assert len(source.asked) == 3


def test_board_and_publication_come_after_the_commit(source, monkeypatch):
    watched("PETR4")
    order = []
    put = boards.Board.put

    def hear(**_):
        order.append(("recorded", prices(), LastQuote.objects.count()))

    def note(batch):
        order.append(("published", prices(), batch[0][1]["quotes"]["PETR4"]["price"]))

    def committed(self, quotes, status):
        if quotes:
            order.append(("put", connection.in_atomic_block, LastQuote.objects.count()))
        return put(self, quotes, status)

    monkeypatch.setattr(updating, "publish", note)
    monkeypatch.setattr(boards.Board, "put", committed)
    restore_board()
    quotes_recorded.connect(hear)
    try:
        update_watched(at=now())
    finally:
        quotes_recorded.disconnect(hear)

    assert order == [
        ("recorded", {}, 1),
        ("put", False, 1),
        ("published", {"PETR4": "38.42"}, "38.42"),
    ]


def test_failing_receiver_keeps_the_price_off_the_board(source):
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


def test_run_killed_between_commit_and_board_is_made_good_by_the_next(source):
    watched("PETR4")
    restore_board()
    record_quotes(quotes=source.quotes(["PETR4"]).values(), at=now())
    assert prices() == {}

    update_watched(at=now())

    assert prices() == {"PETR4": "38.42"}


def test_refused_quotes_are_counted(source):
    watched("PETR4", "VALE3")
    source.prices["PETR4"] = "NaN"

    update_watched(at=now())

    assert prices() == {"VALE3": "61.00"}
    assert RejectedQuotes.objects.get().reason == "not_finite"


def test_doubtful_quote_is_counted_though_the_next_source_had_a_good_one(monkeypatch):
    doubtful = TestSource("doubtful", prices={"PETR4": "NaN"})
    worked = chain_of(doubtful, TestSource("good", prices={"PETR4": "38.42"}))
    monkeypatch.setattr(updating, "chain", lambda: worked)
    watched("PETR4")

    update_watched(at=now())

    assert prices() == {"PETR4": "38.42"}
    assert RejectedQuotes.objects.get().source == "doubtful"


# One run at a time ---------------------------------------------------------------------------


def test_second_run_leaves_at_once_and_a_listed_one_is_not_held(source):
    watched("PETR4")
    source.may_answer.clear()
    with running(update_watched, at=now()) as first:
        assert source.began.wait(5)
        started = time.monotonic()
        assert update_watched(at=now(), at_once=True) is False
        assert time.monotonic() - started < 0.5
        assert source.asked == [["PETR4"]]

        source.began.clear()
        with running(update_listed, symbols=["VALE3"]) as listed:
            assert source.began.wait(5)
            update_listed(symbols=["VALE3"])  # claimed: not fetched twice
            assert source.asked == [["PETR4"], ["VALE3"]]
            source.may_answer.set()
            listed.result(5)
        assert first.result(5) is True
    assert prices() == {"PETR4": "38.42", "VALE3": "61.00"}


def test_batch_leaves_out_what_a_listed_run_is_fetching(source):
    watched("PETR4", "VALE3")
    source.may_answer.clear()
    with running(update_listed, symbols=["VALE3"]) as listed:
        assert source.began.wait(5)
        source.may_answer.set()
        update_watched(at=now())
        listed.result(5)

    assert source.asked == [["VALE3"], ["PETR4"]]


def test_many_runs_at_once_fetch_once(source):
    watched("PETR4")

    def run(_):
        try:
            return update_watched(at=at)
        finally:
            connection.close()

    at = now()
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(run, range(6))).count(True) == 1
    assert source.asked == [["PETR4"]]


def test_lease_is_renewed_while_its_run_lasts(source, monkeypatch):
    monkeypatch.setattr(updating, "LEASE_S", 0.3)
    monkeypatch.setattr(updating, "RENEW_S", 0.05)
    watched("PETR4")
    source.may_answer.clear()
    with running(update_watched, at=now()) as first:
        assert source.began.wait(5)
        deadline = time.monotonic() + 0.7
        while time.monotonic() < deadline:
            assert update_watched(at=now(), at_once=True) is False
            time.sleep(0.02)
        source.may_answer.set()
        assert first.result(5) is True
    assert not redis_client().exists(updating.LEASE_KEY)


def test_lease_of_a_killed_run_ends_by_itself(source):
    watched("PETR4")
    assert redis_client().lock(updating.LEASE_KEY, timeout=0.1).acquire(blocking=False)
    assert update_watched(at=now()) is False

    deadline = time.monotonic() + 5
    while not update_watched(at=now()):
        assert time.monotonic() < deadline


def test_run_that_lost_its_lease_takes_nobody_elses(source, monkeypatch, caplog):
    monkeypatch.setattr(updating, "RENEW_S", 0.02)
    watched("PETR4")
    source.may_answer.clear()
    with running(update_watched, at=now()) as first:
        assert source.began.wait(5)
        redis_client().set(updating.LEASE_KEY, "another's")
        while not caplog.records:
            time.sleep(0.01)
        source.may_answer.set()
        first.result(5)

    assert redis_client().get(updating.LEASE_KEY) == b"another's"
    assert redis_client().ttl(updating.LEASE_KEY) == -1


# Sources that fail or rest -------------------------------------------------------------------


def test_batch_that_every_source_failed_stays_due(source):
    watched("PETR4")
    update_watched(at=now())
    before = updating.quote_board().status()
    source.fault = "unreachable"
    at = before.next_due_at

    for _ in range(3):  # whether its breaker is open or not
        update_watched(at=at + 2 * SECOND)

    assert updating.quote_board().status() == before
    assert is_overdue(at=at + 2 * SECOND)
    assert not is_overdue(at=at)


def test_symbol_that_no_source_has_is_no_failure(source):
    watched("XXXX3")
    at = now()

    update_watched(at=at)

    assert updating.quote_board().status().next_due_at == at + timedelta(seconds=10)


def test_source_that_spares_its_calls_stretches_the_interval(monkeypatch):
    source = TestSource(prices={"PETR4": "38.42"}, budget=Budget(calls=60, period="hour"))
    worked = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: worked)
    watched("PETR4")
    assert update_watched(at=now()) is True
    batch_at = updating.quote_board().status().batch_at

    assert update_watched(at=now(), at_once=True) is False

    status = updating.quote_board().status()
    assert (len(source.asked), status.batch_at) == (1, batch_at)
    assert status.next_due_at > now()


# When ----------------------------------------------------------------------------------------


def test_closed_market_is_polled_once_a_minute(real_source, time_machine):
    watched("PETR4")
    polled = []
    for seconds in range(0, 200, 10):
        time_machine.move_to(SUNDAY + seconds * SECOND, tick=False)
        if update_watched(at=SUNDAY + seconds * SECOND):
            polled.append(seconds)

    assert polled == [0, 60, 120, 180]
    assert len(real_source.asked) == 4


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


def test_interval_and_switch_are_the_admins(source):
    ensure_periodic_task()
    watched("PETR4")
    every = IntervalSchedule.objects.create(every=2, period=IntervalSchedule.MINUTES)
    PeriodicTask.objects.filter(name="update_stock").update(interval=every)
    at = now()
    update_watched(at=at)
    assert updating.quote_board().status().next_due_at == at + timedelta(minutes=2)

    PeriodicTask.objects.filter(name="update_stock").update(enabled=False)

    assert update_watched(at=at + timedelta(hours=1)) is False
    assert update_watched(at=at + timedelta(hours=1), at_once=True) is False
    assert len(source.asked) == 1


def test_periodic_task_is_created_once_and_the_admins_change_stays(settings):
    ensure_periodic_task()
    task = PeriodicTask.objects.get(name="update_stock")
    assert (task.task, task.interval.every, task.interval.period) == (
        "update_stock",
        settings.UPDATE_INTERVAL_S,
        "seconds",
    )
    assert task.expire_seconds == settings.UPDATE_INTERVAL_S
    every = IntervalSchedule.objects.create(every=10, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.filter(name="update_stock").update(interval=every, enabled=False)

    ensure_periodic_task()

    task.refresh_from_db()
    assert (task.interval, task.enabled) == (every, False)
    assert PeriodicTask.objects.filter(name="prune_candles").count() == 1


# Listed runs ---------------------------------------------------------------------------------


def test_listed_run_fetches_just_its_list_and_is_no_batch(source):
    watched("PETR4")

    update_listed(symbols=["VALE3", "VALE3", "XXXX3"])

    assert source.asked == [["VALE3", "XXXX3"]]
    assert prices() == {"VALE3": "61.00"}
    assert updating.quote_board().status() is None


def test_claims_end_with_the_sources_timeout(source, settings):
    settings.SOURCE_TIMEOUT_S = 0.05
    update_listed(symbols=["VALE3"])

    deadline = time.monotonic() + 5
    while len(source.asked) < 2:
        update_listed(symbols=["VALE3"])
        assert time.monotonic() < deadline


def test_empty_list_asks_nobody(source):
    update_listed(symbols=[])

    assert source.asked == []


# The board -----------------------------------------------------------------------------------


def test_lost_board_is_filled_with_what_was_recorded(source):
    watched("PETR4", "VALE3")
    update_watched(at=now())
    assert restore_board() is False
    redis_client().flushall()

    assert restore_board() is True

    assert prices() == {"PETR4": "38.42", "VALE3": "61.00"}
    assert is_overdue(at=now())


def test_batch_on_a_lost_board_brings_the_others_back_with_it(source):
    record_quotes(quotes=[make_quote("ITUB4", "31.00")], at=now())
    redis_client().flushall()

    update_listed(symbols=["PETR4"])

    assert prices() == {"ITUB4": "31.00", "PETR4": "38.42"}
