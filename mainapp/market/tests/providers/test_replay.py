"""The replay of past sessions and days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market.providers import replay as provider_module
from mainapp.market.providers.replay import (
    FORGOTTEN_S,
    SESSION_S,
    Recording,
    ReplayProvider,
    Tape,
    register_archive,
)
from mainapp.market.quotes import Bar
from mainapp.market.selectors.past import DatabaseArchive

ON = date(2024, 4, 16)  # a Tuesday
OPENING = datetime(2024, 4, 16, 13, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _forget_replays():
    for name in redis_client().scan_iter(key("replay", "*")):
        redis_client().delete(name)


def bar(starts_at, open_, high, low, close, volume=100):
    prices = [Decimal(price) for price in (open_, high, low, close)]
    return Bar(
        starts_at=starts_at,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=volume,
    )


MINUTES = Recording(
    bars=[
        bar(OPENING, "38.00", "38.50", "37.90", "38.40"),
        bar(OPENING + timedelta(minutes=2), "38.40", "38.45", "38.10", "38.20", 50),
    ],
    is_daily=False,
    previous_close=Decimal("37.50"),
)
DAYS = Recording(
    bars=[
        bar(datetime(2024, 4, 16, 3, tzinfo=UTC), "38.00", "39.00", "37.00", "38.50"),
        bar(datetime(2024, 4, 18, 3, tzinfo=UTC), "38.60", "40.00", "38.00", "39.50"),
    ],
    is_daily=True,
    previous_close=Decimal("37.50"),
)


class Archive:
    def __init__(self, recording, before=()):
        self.recording = recording
        self.before = list(before)
        self.read = []
        self.asked = None

    def recordings(self, symbols, on):
        self.read.append(sorted(symbols))
        return {"PETR4": self.recording} if "PETR4" in symbols and self.recording else {}

    def days_before(self, symbol, day):
        self.asked = symbol, day
        return self.before


class Clock:
    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at

    def advance(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


def provider(recording, clock, *, speed=1.0, before=()):
    archive = Archive(recording, before)
    return ReplayProvider(on=ON, speed=speed, archive=archive, now=clock), archive


@pytest.mark.parametrize(
    ("second", "price", "high", "low", "volume"),
    [
        (0, "38.00", "38.00", "38.00", 0),
        (15, "37.90", "38.00", "37.90", 25),
        (30, "38.50", "38.50", "37.90", 50),
        (59, "38.40", "38.50", "37.90", 98),
        (90, "38.40", "38.50", "37.90", 100),  # a minute without trades
        (135, "38.45", "38.50", "37.90", 112),  # a falling bar: its high comes first
        (150, "38.10", "38.50", "37.90", 125),
        (100_000, "38.20", "38.50", "37.90", 150),
    ],
)
def test_session_is_played_by_its_minutes(clock, second, price, high, low, volume):
    replay, _archive = provider(MINUTES, clock)
    replay.quotes(["PETR4"])
    clock.advance(second)
    quote = replay.quotes(["PETR4"])["PETR4"]
    assert (quote.price, quote.high, quote.low, quote.volume) == (
        Decimal(price),
        Decimal(high),
        Decimal(low),
        volume,
    )
    assert (quote.open, quote.previous_close) == (Decimal("38.00"), Decimal("37.50"))
    assert (quote.quoted_at, quote.source, quote.kind) == (clock.at, "replay", "replay")


def test_speed_multiplies_the_time(clock):
    replay, _archive = provider(MINUTES, clock, speed=10)
    replay.quotes(["PETR4"])
    clock.advance(3)
    assert replay.quotes(["PETR4"])["PETR4"].price == Decimal("38.50")


def test_days_are_played_one_after_the_other(clock):
    replay, _archive = provider(DAYS, clock, speed=SESSION_S)  # a day a second
    replay.quotes(["PETR4"])
    seen = []
    for _ in range(3):
        clock.advance(0.9)
        quote = replay.quotes(["PETR4"])["PETR4"]
        seen.append((str(quote.price), str(quote.previous_close), str(quote.high)))
        clock.advance(0.1)
    assert seen == [
        ("38.50", "37.50", "39.00"),
        ("38.50", "37.50", "39.00"),  # it was not traded on the 17th
        ("39.50", "38.50", "40.00"),
    ]


def test_stock_without_a_bar_yet_has_no_quote():
    tape = Tape(MINUTES, ON)
    assert tape.bar_at(-1) is None


def test_recordings_are_read_once(clock):
    replay, archive = provider(MINUTES, clock)
    for _ in range(2):
        assert list(replay.quotes(["PETR4", "VALE3"])) == ["PETR4"]
    assert archive.read == [["PETR4", "VALE3"]]


def test_stock_without_a_recording_is_looked_for_again_after_a_minute(clock):
    replay, archive = provider(None, clock)
    assert replay.quotes(["PETR4"]) == {}
    archive.recording = MINUTES
    clock.advance(59)
    assert replay.quotes(["PETR4"]) == {}
    clock.advance(1)
    assert list(replay.quotes(["PETR4"])) == ["PETR4"]


def test_memory_of_recordings_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(provider_module, "MAX_TAPES", 3)
    replay, archive = provider(MINUTES, clock)
    replay.quotes(["PETR4", "AAAA3", "AAAB3"])
    replay.quotes(["AAAC3"])
    replay.quotes(["PETR4", "AAAD3", "AAAE3"])
    assert (len(replay._tapes), len(replay._missing_since)) == (1, 2)
    assert sum("PETR4" in symbols for symbols in archive.read) == 1


def test_all_processes_play_one_replay_which_begins_again_when_forgotten(clock):
    first, _archive = provider(MINUTES, clock)
    first.quotes(["PETR4"])
    clock.advance(30)
    second, _archive = provider(MINUTES, clock)
    assert second.quotes(["PETR4"])["PETR4"].price == Decimal("38.50")
    (name,) = redis_client().scan_iter(key("replay", "*"))
    assert 0 < redis_client().ttl(name) <= FORGOTTEN_S
    redis_client().delete(name)
    assert second.quotes(["PETR4"])["PETR4"].price == Decimal("38.00")


def test_history_ends_before_the_replayed_day_and_is_moved_to_now(clock):
    before = [
        bar(datetime(2024, 4, day, 3, tzinfo=UTC), "1.005", "3", "1", "2") for day in (12, 15)
    ]
    replay, archive = provider(DAYS, clock, speed=SESSION_S, before=before)
    replay.quotes(["PETR4"])
    bars = replay.history("PETR4", "1y", "1d")
    assert archive.asked == ("PETR4", ON)
    assert [each.starts_at for each in bars] == [
        datetime(2026, 3, 6, 3, tzinfo=UTC),
        datetime(2026, 3, 9, 3, tzinfo=UTC),
    ]
    assert bars[0].open == Decimal("1.01")
    clock.advance(2.5)
    replay.history("PETR4", "1y", "1d")
    assert archive.asked == ("PETR4", date(2024, 4, 18))
    assert replay.history("PETR4", "1d", "1m") == []


def test_archive_of_the_database_is_registered(clock):
    """Without an archive of its own a provider uses the registered one."""
    stub = Archive(MINUTES)
    register_archive(stub)
    try:
        ReplayProvider(on=ON, speed=1, now=clock).quotes(["PETR4"])
    finally:
        register_archive(DatabaseArchive())
    assert stub.read == [["PETR4"]]


def test_pair_of_small_prices_keeps_its_places_and_coins(clock):
    day = datetime(2024, 4, 16, 13, 0, tzinfo=UTC)
    tiny = bar(day, "0.00005200", "0.00005300", "0.00005100", "0.00005250", Decimal("0.5"))
    recording = Recording(bars=[tiny], is_daily=False, previous_close=Decimal("0.00005"))

    class Pairs(Archive):
        def recordings(self, symbols, on):
            return dict.fromkeys(symbols, self.recording)

    archive = Pairs(recording, [tiny])
    played = ReplayProvider(on=ON, speed=1.0, archive=archive, now=clock)
    played.quotes(["SHIBBRL"])
    clock.advance(30)

    quote = played.quotes(["SHIBBRL"])["SHIBBRL"]
    assert (quote.price, quote.low) == (Decimal("0.000053"), Decimal("0.000051"))
    assert (quote.previous_close, quote.volume) == (Decimal("0.00005"), Decimal("0.25"))
    assert played.history("SHIBBRL", "1mo", "1d")[0].close == Decimal("0.0000525")
