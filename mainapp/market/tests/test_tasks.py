import asyncio
import time

import pytest
import redis
from celery import current_app
from celery.exceptions import OperationalError

from mainapp.core.database import REQUEST_S, remaining_s
from mainapp.core.realtime import query
from mainapp.core.redis import client as redis_client
from mainapp.market import tasks
from mainapp.market.models import Candle
from mainapp.market.services import updating
from mainapp.market.tasks import LISTED, prune_candles, request_quotes, update_stock
from mainapp.market.tests.factories import CandleFactory, StockFactory
from mainapp.market.tests.test_updating import prices, watched

pytestmark = pytest.mark.django_db(transaction=True)

DONE = "update_stock() -> Done."


@pytest.fixture(autouse=True)
def _stock(transactional_db):
    StockFactory(symbol="PETR4")
    StockFactory(symbol="VALE3")


def pop_request():
    """Remove a message from the queue of listed runs; return its arguments and headers."""
    with current_app.connection_for_read() as connection:
        queue = connection.SimpleQueue(LISTED)
        try:
            message = queue.get(timeout=3)
            message.ack()
        finally:
            queue.close()
    arguments, _options, _embed = message.payload
    return arguments, message.headers


def test_task_updates_watched_symbols():
    watched("PETR4")

    assert update_stock() == DONE

    assert prices().keys() == {"PETR4"}


def test_task_updates_only_the_given_symbols():
    watched("PETR4")

    assert update_stock(["VALE3"]) == DONE

    assert prices().keys() == {"VALE3"}


def test_task_returns_the_same_result_without_work():
    assert (update_stock(), update_stock([]), update_stock(["XXXX3"])) == (DONE, DONE, DONE)


def test_task_without_redis_logs_one_line(settings, monkeypatch, caplog):
    monkeypatch.setattr(tasks, "REDIS_WAIT_S", 0)
    url, settings.REDIS_URL = settings.REDIS_URL, "unix:///nowhere/redis.sock"
    redis_client.cache_clear()
    updating.quote_board.cache_clear()
    try:
        assert update_stock() == DONE
        assert update_stock(["PETR4"]) == DONE
    finally:
        settings.REDIS_URL = url  # first: threads of the process ask for a client at any time
        redis_client.cache_clear()
        updating.quote_board.cache_clear()

    records = [record for record in caplog.records if record.name == "mainapp.market.tasks"]
    records = [record for record in records if record.levelname == "WARNING"]
    assert [record.getMessage()[:34] for record in records] == [
        "update_stock: Redis is unavailable"
    ] * 2
    assert all(record.exc_info is None for record in records)


def test_quotes_are_requested_on_a_separate_queue():
    request_quotes(["PETR4", "VALE3"])

    arguments, headers = pop_request()
    assert arguments == [["PETR4", "VALE3"]]
    assert headers["task"] == "update_stock"
    assert headers["expires"] is not None


def test_request_without_a_broker_logs_one_line(monkeypatch, caplog):
    def fail(**_):
        raise OperationalError("no broker")

    monkeypatch.setattr(update_stock, "apply_async", fail)
    request_quotes(["PETR4"])

    assert [record.getMessage() for record in caplog.records] == [
        "quotes could not be requested: no broker"
    ]


async def test_newly_watched_symbol_gets_a_quote_before_the_next_batch(websocket, board):
    started = time.monotonic()
    async with websocket("/ws/stock/track/?stockpicker=PETR4") as socket:
        assert (await socket.next())["pending"] == ["PETR4"]

        arguments, _headers = await asyncio.to_thread(pop_request)
        assert arguments == [["PETR4"]]
        await query(update_stock, *arguments)

        quote = (await socket.next("update"))["quotes"]["PETR4"]
        assert quote["simulated"] is True
        assert time.monotonic() - started < 1.5


def test_task_prunes_candles(settings):
    settings.KEEP_MINUTE_CANDLES_DAYS = 1
    CandleFactory(interval="1m")

    prune_candles()

    assert Candle.objects.count() == 0


def test_a_database_call_of_an_update_has_the_time_of_a_request(monkeypatch):
    seen = []
    for name in ("update_watched", "update_listed"):
        monkeypatch.setattr(updating, name, lambda **_kwargs: seen.append(remaining_s()))

    update_stock()
    update_stock(["PETR4"])

    assert seen == [REQUEST_S, REQUEST_S]
    assert remaining_s() is None


def test_a_listed_run_waits_for_redis_and_keeps_its_claims(monkeypatch):
    monkeypatch.setattr(tasks, "REDIS_PAUSE_S", 0.01)
    place, failures = updating.place_quotes, [redis.ConnectionError, redis.OutOfMemoryError]

    def place_later(*args, **holders):
        if failures:
            raise failures.pop()
        return place(*args, **holders)

    monkeypatch.setattr(updating, "place_quotes", place_later)

    assert update_stock(["PETR4", "VALE3"]) == DONE
    assert set(prices()) == {"PETR4", "VALE3"}
    assert failures == []
