"""Tests of the recording of pushed quotes, under the lease."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.core.leases import LeaseLostError, acquire_lease
from mainapp.core.redis import client as redis_client
from mainapp.market.board import STREAMER
from mainapp.market.models import LastQuote, RejectedQuotes
from mainapp.market.services.streaming.batches import record_pushed
from mainapp.market.services.updating import quote_board, restore_board
from mainapp.market.tests.factories import StockFactory
from mainapp.market.tests.quotes import make_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def lease():
    redis_client().flushall()
    restore_board()
    StockFactory(symbol="PETR4")
    return acquire_lease(STREAMER)


def pushed(price="38.42", age_s=10.0, **fields):
    at = (datetime.now(UTC) - timedelta(seconds=age_s)).replace(microsecond=0)
    return make_quote(price=price, quoted_at=at, **fields)


def record(lease, *quotes):
    return record_pushed(quotes=quotes, lease=lease, at=datetime.now(UTC))


def prices():
    return list(LastQuote.objects.values_list("price", flat=True))


def test_pushed_quote_is_recorded_and_placed_like_any_other(lease):
    newer = record(lease, pushed())

    assert [quote.price for quote in newer] == prices() == [Decimal("38.42")]
    assert quote_board().placed(["PETR4"]) == {"PETR4"}
    assert quote_board().pulse().seq == 1


def test_repeated_and_older_quotes_are_not_newer(lease):
    first = pushed()
    record(lease, first)

    assert record(lease, first) == []
    assert record(lease, pushed(price="38.00", age_s=60)) == []
    assert prices() == [Decimal("38.42")]
    assert RejectedQuotes.objects.get().reason == "older"


def test_wild_price_waits_for_its_confirmation(lease):
    record(lease, pushed())
    record(lease, pushed(price="3842.00", age_s=5))

    assert prices() == [Decimal("38.42")]
    assert LastQuote.objects.get().doubtful_price == Decimal("3842.00")


def test_one_streamer_at_a_time_has_the_lease(lease):
    assert acquire_lease(STREAMER) is None

    lease.release()
    successor = acquire_lease(STREAMER)
    assert successor is not None
    assert successor.number == lease.number + 1
    with pytest.raises(LeaseLostError):
        lease.renew()


def test_streamer_that_was_paused_writes_nothing_to_the_database(lease):
    redis_client().delete(STREAMER.key)  # as after a pause that is longer than the lease
    acquire_lease(STREAMER)

    with pytest.raises(LeaseLostError):
        record(lease, pushed())

    assert prices() == []
    assert quote_board().placed(["PETR4"]) == set()


def test_streamer_that_was_paused_after_its_commit_writes_nothing_to_the_board(lease):
    redis_client().set(STREAMER.key, "another holder")

    with pytest.raises(LeaseLostError):
        record(lease, pushed())

    assert quote_board().placed(["PETR4"]) == set()
    assert quote_board().pulse().seq == 0


def test_release_leaves_the_lease_of_another_streamer(lease):
    redis_client().set(STREAMER.key, "another holder")
    lease.release()

    assert redis_client().get(STREAMER.key) == b"another holder"


def test_lease_of_a_clock_that_ran_ahead_is_replaced(lease):
    redis_client().pexpire(STREAMER.key, 3_600_000)

    assert acquire_lease(STREAMER) is not None


def test_queries_do_not_depend_on_the_number_of_quotes(lease, django_assert_max_num_queries):
    symbols = [StockFactory().symbol for _ in range(30)]
    record(lease, pushed())
    with django_assert_max_num_queries(15):
        record(lease, *(replace(pushed(), symbol=symbol) for symbol in symbols))
