"""Replay of a past session, or of past days, as if it happened now.

The open, high, low and close of each recorded bar are played in turn; quotes have the time of the
clock. The replay begins with the first call, runs at `speed` in all processes, and stays at the
last prices. It starts over after `FORGOTTEN_S` without a call.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol

from mainapp.core.prices import LEAST_PLACES, MOST_PLACES, at_places, to_amount
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.base import Budget, Limit, Listing, ProviderError, WithoutEvents
from mainapp.market.quotes import Bar, Quote
from mainapp.market.sessions import (
    SAO_PAULO,
    next_session_day,
    previous_session_day,
    sao_paulo_day,
    schedule,
)
from mainapp.market.symbols import canonical, is_pair

MINUTE_S = 60
SESSION_S = 8 * 3600  # a replayed day takes as long as a session; there are no nights
OPENING = time(10)
FORGOTTEN_S = 600
# A session's minutes take 280 KB, a year's days 150 KB.
MAX_TAPES = 400
MISSING = timedelta(seconds=60)  # a stock without a recording is looked up again after this


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A stock's bars from the replayed day on, and the close before them.

    They are the minutes of that day, or several days (`is_daily`).
    """

    bars: Sequence[Bar]
    is_daily: bool
    previous_close: Decimal | None = None


class Archive(Protocol):
    """The recorded bars of the real market; `selectors.past` implements it."""

    def recordings(self, symbols: Collection[str], on: date) -> Mapping[str, Recording]:
        """Return the recordings of the stocks that have one."""

    def days_before(self, symbol: str, day: date) -> Sequence[Bar]:
        """Return the daily bars before a day, oldest first."""


class _Registered:
    """The archive, which needs the database: `MarketConfig.ready` registers it."""

    archive: Archive | None = None


def register_archive(archive: Archive) -> None:
    _Registered.archive = archive


class Tape:
    """A recording on the scale of replayed seconds since the opening."""

    def __init__(self, recording: Recording, on: date) -> None:
        self.recording = recording
        self.slot_s = SESSION_S if recording.is_daily else MINUTE_S
        begin = _opening(on)
        numbers = _session_numbers(on, recording.bars) if recording.is_daily else {}
        self._offsets = [
            numbers[sao_paulo_day(bar.starts_at)] * SESSION_S
            if recording.is_daily
            else (bar.starts_at - begin).total_seconds()
            for bar in recording.bars
        ]

    def bar_at(self, elapsed_s: float) -> tuple[Bar, Decimal | None, Decimal] | None:
        """Return the day so far as one bar, the previous close, and the price at a moment.

        None before the stock's first bar.
        """
        index = bisect_right(self._offsets, elapsed_s) - 1
        if index < 0:
            return None
        bars = self.recording.bars
        share = min(1.0, (elapsed_s - self._offsets[index]) / self.slot_s)
        now = _partial(bars[index], share)
        if self.recording.is_daily:
            before = bars[index - 1].close if index else self.recording.previous_close
            return now, before, now.close
        return _joined([*bars[:index], now]), self.recording.previous_close, now.close


class ReplayProvider(WithoutEvents):
    """A QuoteProvider of the past; it reads each stock's recording once."""

    name = "replay"
    kind: QuoteKind = "replay"
    lists_all = False
    budget: Budget | None = None

    def __init__(
        self,
        *,
        on: date,
        speed: float,
        archive: Archive | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._on = on
        self._speed = speed
        self._archive = archive
        self._now = now
        self._tapes: dict[str, Tape] = {}
        self._missing_since: dict[str, datetime] = {}

    def load(self) -> None:
        pass

    def calls_for(self, symbols: Sequence[str]) -> int:
        return 1

    def limits(self) -> list[Limit]:
        return []

    def gives_whole(self, range_: str, interval: str) -> bool:
        return interval == "1d"

    def calls_made(self) -> int:
        return 1

    def tickers(self) -> list[Listing]:
        return []

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        at = self._now()
        elapsed_s = self._elapsed_s(at)
        self._read(symbols, at)
        quotes = {}
        for symbol in symbols:
            tape = self._tapes.get(symbol)
            played = tape.bar_at(elapsed_s) if tape else None
            if played:
                quotes[symbol] = _quote(symbol, played, at)
        return quotes

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        """Return the days before the replayed one, moved so that the last one is the last session.

        Only daily bars: the minutes of earlier days are not replayed.
        """
        stock_symbol = canonical(symbol)
        if stock_symbol is None:
            raise ProviderError(f"no history of {symbol}", fault="not_given", permanent=True)
        if interval != "1d":
            return []
        at = self._now()
        self._read([stock_symbol], at)
        tape = self._tapes.get(stock_symbol)
        day = self._on
        if tape and tape.recording.is_daily:
            for _ in range(int(self._elapsed_s(at) // SESSION_S)):
                day = next_session_day(day)
        bars = self._open_archive().days_before(stock_symbol, day)
        return _moved(bars, sao_paulo_day(at), places=_places_of(stock_symbol))

    def _read(self, symbols: Sequence[str], at: datetime) -> None:
        """Read the recordings of new symbols, and of those that were missing long enough ago."""
        missing = self._missing_since
        unread = [
            symbol
            for symbol in symbols
            if symbol not in self._tapes
            and not (symbol in missing and at - missing[symbol] < MISSING)
        ]
        if not unread:
            return
        for cached in (self._tapes, missing):
            if len(cached) + len(unread) > MAX_TAPES:
                cached.clear()
        recordings = self._open_archive().recordings(unread, self._on)
        for symbol in unread:
            if recording := recordings.get(symbol):
                self._tapes[symbol] = Tape(recording, self._on)
            else:
                missing[symbol] = at

    def _open_archive(self) -> Archive:
        archive = self._archive or _Registered.archive
        assert archive, "MarketConfig.ready registers the archive"
        return archive

    def _elapsed_s(self, at: datetime) -> float:
        """Return the replayed seconds since the opening; the first caller begins the replay."""
        name = key("replay", self._on.isoformat(), f"{self._speed:g}")
        client = redis_client()
        client.set(name, at.timestamp(), nx=True, ex=FORGOTTEN_S)
        began_at: Any = client.getex(name, ex=FORGOTTEN_S)
        return max(0.0, at.timestamp() - float(began_at or at.timestamp())) * self._speed


def _opening(on: date) -> datetime:
    hours = schedule(on)
    return hours.open if hours else datetime.combine(on, OPENING, SAO_PAULO)


def _session_numbers(on: date, bars: Sequence[Bar]) -> dict[date, int]:
    """Number the sessions from `on` to the last bar; a bar of another day counts as a session."""
    days = {sao_paulo_day(bar.starts_at) for bar in bars}
    last, day = max(days, default=on), on
    while day < last:
        days.add(day)
        day = next_session_day(day)
    return {day: number for number, day in enumerate(sorted(days))}


def _partial(bar: Bar, share: float) -> Bar:
    """Return the played part of a bar: open, high and low in a likely order, close."""
    ends = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    prices = (bar.open, *ends, bar.close)
    played = prices[: min(int(share * len(prices)), len(prices) - 1) + 1]
    volume = None if bar.volume is None else _part(bar.volume, share)
    return replace(bar, high=max(played), low=min(played), close=played[-1], volume=volume)


def _part(volume: Decimal | int, share: float) -> Decimal | int:
    """Return a part of a volume: whole shares, or coins."""
    if isinstance(volume, int):
        return int(volume * share)
    return to_amount(at_places(volume * Decimal(share), MOST_PLACES))


def _joined(bars: Sequence[Bar]) -> Bar:
    volumes = [bar.volume for bar in bars if bar.volume is not None]
    return Bar(
        starts_at=bars[0].starts_at,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=sum(volumes) if volumes else None,
    )


def _quote(symbol: str, played: tuple[Bar, Decimal | None, Decimal], at: datetime) -> Quote:
    day, previous_close, price = played
    places = _places_of(symbol)
    return Quote(
        symbol=symbol,
        price=at_places(price, places),
        previous_close=at_places(previous_close, places) if previous_close else None,
        open=at_places(day.open, places),
        high=at_places(day.high, places),
        low=at_places(day.low, places),
        volume=day.volume,
        quoted_at=at,
        source=ReplayProvider.name,
        kind="replay",
    )


def _places_of(symbol: str) -> int:
    """Return the places of played prices: adjusted ones are rounded to cents, those of pairs kept.

    Recording rounds a pair's to its own places.
    """
    return MOST_PLACES if is_pair(symbol) else LEAST_PLACES


def _moved(bars: Sequence[Bar], today: date, *, places: int) -> list[Bar]:
    """Return daily bars moved to the last sessions before today."""
    moved, day = [], today
    for bar in reversed(bars):
        day = previous_session_day(day)
        starts_at = datetime.combine(day, time(), SAO_PAULO).astimezone(UTC)
        prices = (bar.open, bar.high, bar.low, bar.close)
        open_, high, low, close = (at_places(price, places) for price in prices)
        moved.append(replace(bar, starts_at=starts_at, open=open_, high=high, low=low, close=close))
    return moved[::-1]
