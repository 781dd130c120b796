from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from mainapp.core.redis import async_client
from mainapp.core.redis import client as redis_client
from mainapp.market import board as boards
from mainapp.market.board import Board, BoardLostError, BoardReader, FeedStatus
from mainapp.market.tests.factories import NOON
from mainapp.market.tests.quotes import make_quote

STATUS = FeedStatus(batch_at=NOON, next_due_at=NOON + timedelta(seconds=10))


@pytest.fixture
def empty():
    board = Board(kind="simulated")
    assert board.restore([])
    return board


async def contents():
    client = async_client()
    read = await BoardReader(kind="simulated", redis_client=client).read()
    await client.aclose()
    return read


async def pulse():
    client = async_client()
    head = await BoardReader(kind="simulated", redis_client=client).pulse()
    await client.aclose()
    return head


def test_put_returns_the_changes_with_the_next_number(empty):
    first = empty.put([make_quote(), make_quote("VALE3")], None)
    second = empty.put([make_quote(price="38.43"), make_quote("VALE3")], None)

    assert (first.seq, first.changed.keys()) == (1, {"PETR4", "VALE3"})
    assert first.changed["PETR4"] == (None, make_quote())
    assert (second.epoch, second.seq) == (first.epoch, 2)
    assert second.changed == {"PETR4": (make_quote(), make_quote(price="38.43"))}


def test_batch_without_a_change_does_not_increase_the_number(empty):
    empty.put([make_quote()], None)

    assert empty.put([make_quote()], STATUS).seq == 1
    assert empty.put([], None).seq == 1
    assert empty.put([make_quote()], None).changed == {}


def test_newer_time_is_a_change_and_an_older_quote_is_ignored(empty):
    empty.put([make_quote()], None)
    older = make_quote(price="40.00", quoted_at=NOON - timedelta(milliseconds=1))
    newer = make_quote(quoted_at=NOON + timedelta(milliseconds=1))

    assert empty.put([older], None).changed == {}
    assert empty.put([newer], None).changed == {"PETR4": (make_quote(), newer)}


async def test_quote_is_read_back_without_loss(empty):
    full = make_quote(
        name="São Martinho — ação “ON” | 1|2|",
        price="0.10",
        previous_close=Decimal("0.30"),
        volume=9_007_199_254_740_993,
        market_cap=Decimal("498200000000.01"),
        quoted_at=NOON.replace(microsecond=123_456),
        quoted_at_estimated=True,
        delay_s=900,
    )
    bare = make_quote("VALE3", "12345678901.99")
    empty.put([full, bare], None)

    read = await contents()

    assert read.quotes == {"PETR4": (1, full), "VALE3": (1, bare)}
    assert read.quotes["PETR4"][1].price == Decimal("0.10")
    assert str(read.quotes["VALE3"][1].price) == "12345678901.99"


async def test_each_quote_has_the_number_of_its_last_change(empty):
    empty.put([make_quote(), make_quote("VALE3")], None)
    empty.put([make_quote(price="38.43")], None)

    read = await contents()

    assert (read.seq, {s: seq for s, (seq, _) in read.quotes.items()}) == (
        2,
        {"PETR4": 2, "VALE3": 1},
    )


def test_put_without_a_status_does_not_change_it(empty):
    assert empty.status() is None
    empty.put([], STATUS)

    empty.put([make_quote()], None)

    assert empty.status() == STATUS


async def test_pulse_returns_the_head_of_the_board(empty):
    assert (await pulse()).worker_alive is False
    empty.renew_worker_lease()
    placed = empty.put([make_quote()], STATUS)

    head = await pulse()

    assert (head.epoch, head.seq, head.status) == (placed.epoch, 1, STATUS)
    assert head.worker_alive is True


async def test_missing_board_is_lost():
    board = Board(kind="simulated")

    assert not board.exists()
    with pytest.raises(BoardLostError):
        board.put([make_quote()], STATUS)
    assert await contents() is None
    assert (await pulse()).epoch is None
    assert board.status() is None


async def test_restore_starts_one_new_epoch(empty):
    old = empty.put([make_quote()], STATUS)
    redis_client().flushall()

    assert empty.restore([make_quote(price="38.43"), make_quote("VALE3", quoted_at=None)])
    assert not empty.restore([make_quote("ITUB4")])

    read = await contents()
    assert read.epoch != old.epoch
    assert (read.seq, read.quotes) == (0, {"PETR4": (0, make_quote(price="38.43"))})
    assert empty.status() is None
    assert empty.put([make_quote(price="38.44")], None).seq == 1


async def test_board_of_an_earlier_redis_run_is_replaced(empty):
    """A killed Redis restarts with its last saved data, which may be old."""
    old = empty.put([make_quote()], STATUS)
    stale = b"0" * 16 + old.epoch.encode()[16:]
    redis_client().hset(boards.board_key("simulated"), boards.EPOCH, stale)

    assert not empty.exists()
    assert empty.restore([make_quote("VALE3")])

    read = await contents()
    assert read.epoch not in (old.epoch, stale.decode())
    assert (read.seq, read.quotes.keys()) == (0, {"VALE3"})
    assert empty.status() is None
    assert empty.exists()


def test_real_and_simulated_boards_are_separate(empty):
    empty.put([make_quote()], None)

    assert not Board(kind="real").exists()
    assert Board(kind="real").restore([])
    assert Board(kind="real").put([make_quote()], None).seq == 1


def test_concurrent_writers_get_unique_numbers_and_the_newest_quote_wins(empty):
    def write(worker):
        board, placed = Board(kind="simulated"), []
        for n in range(40):
            at = NOON + timedelta(seconds=n)
            price = f"{worker + 1}.{n:02}"
            placed.append(board.put([make_quote(price=price, quoted_at=at)], None))
        return placed

    with ThreadPoolExecutor(4) as threads:
        placed = [result for many in threads.map(write, range(4)) for result in many]

    numbers = [result.seq for result in placed if result.changed]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    times = [
        after.quoted_at
        for result in sorted(placed, key=lambda result: result.seq)
        for _before, after in result.changed.values()
    ]
    assert times == sorted(times)
    assert times[-1] == NOON + timedelta(seconds=39)


def test_concurrent_restores_create_one_board():
    def restore(worker):
        return Board(kind="simulated").restore([make_quote(price=f"{worker + 1}.00")])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(restore, range(8))).count(True) == 1


def test_second_restore_changes_nothing():
    class SlowBoard(Board):
        def exists(self):
            exists = super().exists()
            Board(kind="simulated").restore([make_quote(price="1.00")])
            return exists

    assert not SlowBoard(kind="simulated").restore([make_quote(price="2.00")])

    placed = Board(kind="simulated").put([make_quote(price="3.00")], None)
    before, _after = placed.changed["PETR4"]
    assert str(before.price) == "1.00"


def test_board_accepts_thousands_of_quotes(empty):
    quotes = [make_quote(f"X{n:04}") for n in range(3000)]

    assert len(empty.put(quotes, STATUS).changed) == 3000
    assert len(empty.put(quotes, STATUS).changed) == 0
