"""A clock that ran ahead and was set right must not stop any work that depends on stored times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from mainapp.core.redis import client as redis_client
from mainapp.market import watch
from mainapp.market.board import BATCH_KEY, BEAT, WORKER_KEY, FeedStatus, board_key
from mainapp.market.models import Candle, LastQuote
from mainapp.market.providers.base import Budget, ProviderError
from mainapp.market.providers.guard import Guard
from mainapp.market.selectors.feed import feed_state
from mainapp.market.services import claims, updating
from mainapp.market.services.recording import record_quotes
from mainapp.market.services.scheduling import ensure_periodic_tasks
from mainapp.market.services.updating import update_watched
from mainapp.market.tests.factories import StockFactory
from mainapp.market.tests.quotes import make_quote
from mainapp.market.tests.sources import TestSource, chain_of
from project.celery import app
from project.scheduler import Scheduler

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 10, 15, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture(params=[15 * SECOND, HOUR, timedelta(days=40)])
def ahead(request):
    return request.param


@pytest.fixture
def set_clock(time_machine):
    return lambda moment: time_machine.move_to(moment, tick=False)


@pytest.fixture
def source(monkeypatch, transactional_db):
    StockFactory(symbol="PETR4")
    watch.REGISTRY.add(redis_client(), "web")
    redis_client().sadd(watch._key("web"), "PETR4")
    source = TestSource(prices={"PETR4": "38.42"}, budget=Budget(calls=10_000, period="hour"))
    chain = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: chain)
    return source


def run_batch(source, price):
    source.prices["PETR4"] = price
    return update_watched(at=timezone.now())


def test_prices_continue_with_the_first_batch_after_the_clock_was_set_right(
    source, set_clock, ahead
):
    updating.restore_board()
    set_clock(NOON + ahead)
    assert run_batch(source, "38.42") is True
    set_clock(NOON)
    assert updating.is_overdue(at=NOON)

    assert run_batch(source, "39.00") is True

    last = LastQuote.objects.get()
    assert (last.price, last.quoted_at) == (Decimal("39.00"), NOON)
    assert b'"39.00"' in redis_client().hget(board_key("simulated"), "PETR4")
    status = updating.quote_board().status()
    assert status == FeedStatus(batch_at=NOON, next_due_at=NOON + 10 * SECOND, pause_s=10)
    assert not updating.is_overdue(at=NOON)


@pytest.mark.parametrize("due_in", [15 * SECOND, HOUR])
def test_due_time_beyond_the_interval_is_shown_and_not_believed(client, source, set_clock, due_in):
    set_clock(NOON)
    updating.restore_board()
    run_batch(source, "38.42")
    status = updating.quote_board().status()
    assert status
    updating.quote_board().put([], replace(status, next_due_at=NOON + due_in))

    assert feed() == "late"
    assert "estava adiantado" in client.get("/sources/").content.decode()
    assert updating.is_overdue(at=NOON)
    assert readiness(client)["batch"] == (
        f"the next batch is due only in {due_in.seconds} s: a clock was set back"
    )
    set_clock(NOON + SECOND)  # the source's budget allows a call every 0.4 s
    assert run_batch(source, "39.00") is True
    assert (feed(), readiness(client)["batch"]) == ("live", "ok")


@pytest.mark.parametrize("name", [claims._claim_key("PETR4"), BATCH_KEY])
def test_keys_of_redis_that_expire_an_hour_too_late_stop_no_batch(source, set_clock, name):
    set_clock(NOON)
    updating.restore_board()
    redis_client().set(name, 1, px=500)
    run_batch(source, "38.42")
    assert not LastQuote.objects.exists()

    # Redis set it while its clock was an hour ahead.
    redis_client().set(name, 1, px=3_600_000)
    redis_client().hdel(board_key("simulated"), "@status")
    set_clock(NOON + SECOND)
    assert run_batch(source, "39.00") is True

    assert LastQuote.objects.get().price == Decimal("39.00")
    assert not redis_client().exists(name)


def test_lease_that_expires_an_hour_too_late_is_not_a_living_worker(client, source):
    updating.restore_board()
    redis_client().set(WORKER_KEY, 1, px=3_600_000)
    redis_client().set(BEAT.key, 1, px=3_600_000)

    assert feed_state(at=timezone.now())["feed"] == "down"
    assert readiness(client)["worker"] == "no worker renews its lease"
    assert readiness(client)["beat"] == "no beat renews its lease"


def test_symbols_reached_in_the_future_are_not_put_last(source, set_clock):
    set_clock(NOON + HOUR)
    updating._note_reached(["PETR4"])
    set_clock(NOON)
    updating._note_reached(["VALE3"])

    assert updating._longest_unreached_first(["PETR4", "VALE3"]) == ["PETR4", "VALE3"]
    set_clock(NOON + SECOND)
    updating._note_reached(["PETR4"])
    assert updating._longest_unreached_first(["PETR4", "VALE3"]) == ["VALE3", "PETR4"]


def test_feed_is_late_after_a_batch_of_the_future_until_the_next_one(source, set_clock, ahead):
    updating.restore_board()
    set_clock(NOON + ahead)
    run_batch(source, "38.42")
    set_clock(NOON)

    assert feed() == "late"
    run_batch(source, "39.00")
    assert feed() == "live"


def readiness(client):
    return client.get("/readyz").json()


def feed():
    updating.quote_board().renew_worker_lease()
    return feed_state(at=timezone.now())["feed"]


def test_sources_page_shows_a_batch_of_the_future(client, source, set_clock):
    updating.restore_board()
    set_clock(NOON + HOUR)
    run_batch(source, "38.42")
    set_clock(NOON)
    sentence = "O relógio deste servidor estava adiantado"

    assert sentence in client.get("/sources/").content.decode()
    run_batch(source, "39.00")
    assert sentence not in client.get("/sources/").content.decode()


def test_candles_of_the_future_are_deleted(source, set_clock):
    set_clock(NOON + timedelta(days=1))
    record_quotes(quotes=[make_quote(quoted_at=timezone.now())], at=timezone.now())
    set_clock(NOON)

    record_quotes(quotes=[make_quote(quoted_at=NOON, price="39.00")], at=NOON)

    assert set(Candle.objects.values_list("starts_at", flat=True)) == {
        NOON,
        NOON.replace(hour=3),  # midnight in São Paulo
    }


def test_price_without_a_time_does_not_keep_a_time_of_the_future(source, set_clock):
    record_quotes(quotes=[make_quote(quoted_at=NOON + HOUR)], at=NOON + HOUR)

    record_quotes(quotes=[make_quote(quoted_at=None)], at=NOON)

    assert LastQuote.objects.get().quoted_at == NOON


def test_older_quotes_stay_refused_while_the_clock_is_right(source):
    record_quotes(quotes=[make_quote(quoted_at=NOON)], at=NOON)

    recorded = record_quotes(quotes=[make_quote(quoted_at=NOON - SECOND, price="1.00")], at=NOON)

    assert (recorded.quotes, list(recorded.rejected)) == ([], [("simulated", "older")])


def test_resting_source_is_called_after_the_clock_was_set_right(set_clock, ahead, settings):
    guard = Guard("test", redis_url=settings.REDIS_URL, budget=Budget(calls=60, period="hour"))
    set_clock(NOON + ahead)
    guard.admit()
    guard.fail(ProviderError("too many", fault="rate_limited"))
    set_clock(NOON)

    assert guard.wait_s() == 0
    state = guard.state()
    assert (state.calls_used, state.period_ends_at) == (1, NOON + HOUR)


def test_beat_sends_due_tasks_after_the_clock_was_set_back(set_clock, monkeypatch):
    ensure_periodic_tasks()
    PeriodicTask.objects.exclude(name="update_stock").delete()
    sent = []
    monkeypatch.setattr(
        Scheduler, "apply_entry", lambda _self, entry, **_o: sent.append(entry.name)
    )
    set_clock(NOON + HOUR)
    scheduler = Scheduler(app=app)
    scheduler._finalize.cancel()
    for seconds in (0, 10, 11):
        set_clock(NOON + HOUR + seconds * SECOND)
        scheduler.tick()
    before = len(sent)
    assert before >= 1

    for seconds in (0, 11, 12):
        set_clock(NOON + seconds * SECOND)
        scheduler.tick()

    assert len(sent) > before
