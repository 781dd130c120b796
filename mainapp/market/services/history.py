"""Loading of a stock's past candles from the sources, and their storage.

Redis holds the running and the recently failed loads; the candles are rows.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db import transaction

from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market import sessions
from mainapp.market.models import Candle, Stock
from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.chain import build_chain
from mainapp.market.quotes import Bar
from mainapp.market.selectors.candles import midnight, range_start, stored_interval

logger = logging.getLogger(__name__)

Status = Literal["ok", "loading", "failed"]
LOADING_S = 30  # after this a load whose worker died may be claimed again
FAILED_S = 30
MINUTES_FRESH_S = 300
MINUTES_FRESH_CLOSED_S = 3600
DAYS_FRESH_S = 6 * 3600
DAY_ASKED_S = 6 * 3600
LATE_BEGINNING = timedelta(days=5)
ROWS_A_TRANSACTION = 1000


@dataclass(frozen=True, slots=True)
class Load:
    """State of the loading of a range; with `claimed` the caller has to start it."""

    status: Status
    claimed: bool = False
    retry_after_s: int = 0


def is_complete(bars: Sequence[Bar], *, range_: str, at: datetime) -> bool:
    """Return whether the stored daily bars contain each session of a range before today.

    A source's month may be some days shorter than ours, so a late beginning is not a gap. Ranges of
    minutes and `max` are never complete: they are loaded again when the record of their last load
    has expired.
    """
    since = range_start(range_, at=at)
    if since is None or not bars or stored_interval(range_) == Candle.Interval.MINUTE:
        return False
    stored_days = {sessions.sao_paulo_day(bar.starts_at) for bar in bars}
    first = sessions.sao_paulo_day(since)
    if min(stored_days) - first <= LATE_BEGINNING:
        first = max(first, min(stored_days))
    days = (first + timedelta(days=n) for n in range((sessions.sao_paulo_day(at) - first).days))
    return all(day in stored_days for day in days if sessions.is_session_day(day))


def claim_load(*, symbol: str, range_: str) -> Load:
    """Claim the load of a range: one caller gets the claim, the others the state of its load.

    Raises: redis.RedisError.
    """
    client = redis_client()
    key = _key(symbol, range_)
    if client.set(key, "loading", nx=True, ex=LOADING_S):
        return Load("loading", claimed=True)
    reply: Any = client.get(key)
    status: Status = reply.decode() if reply else "loading"
    retry_after: Any = client.ttl(key) if status == "failed" else 0
    return Load(status, retry_after_s=max(0, retry_after))


def claim_day_loads(*, symbols: Collection[str]) -> tuple[list[str], set[str]]:
    """Claim the loads of today's minutes of many stocks, each at most once in six hours.

    Returns the symbols that the caller has to load, and all that are being loaded. Two round trips.
    Raises: redis.RedisError.
    """
    client = redis_client()
    with client.pipeline(transaction=False) as pipeline:
        for symbol in symbols:
            pipeline.set(f"{_key(symbol, '1d')}:asked", 1, nx=True, ex=DAY_ASKED_S)
        asked = [symbol for symbol, new in zip(symbols, pipeline.execute(), strict=True) if new]
        for symbol in asked:
            pipeline.set(_key(symbol, "1d"), "loading", nx=True, ex=LOADING_S * 4)
        for symbol in symbols:
            pipeline.get(_key(symbol, "1d"))
        replies: list[Any] = pipeline.execute()
    claimed = [symbol for symbol, new in zip(asked, replies, strict=False) if new]
    states = zip(symbols, replies[len(asked) :], strict=True)
    return claimed, {symbol for symbol, state in states if state == b"loading"}


def load_history(*, symbol: str, range_: str, at: datetime) -> Status:
    """Fetch a range's candles from the sources, store them, and record the outcome.

    Safe to repeat: a candle has one slot. One call to the sources, which blocks for their timeout.
    Raises: Stock.DoesNotExist, redis.RedisError.
    """
    stock = Stock.objects.get(symbol=symbol)
    interval = stored_interval(range_)
    try:
        bars, source = build_chain().history(symbol, range_, interval.value)
    except ProviderError as error:
        logger.warning("history of %s (%s): %s", symbol, range_, error)
        redis_client().set(_key(symbol, range_), "failed", ex=FAILED_S)
        return "failed"
    store_bars(stock=stock, interval=interval, bars=bars, source=source, at=at)
    redis_client().set(_key(symbol, range_), "ok", ex=_fresh_s(interval, at))
    return "ok"


def store_bars(
    *, stock: Stock, interval: Candle.Interval, bars: Iterable[Bar], source: str, at: datetime
) -> None:
    """Store bars as candles of the run's kind; closed slots are replaced, the running one is not.

    The running slot belongs to the quotes that are being recorded. Transactions of 1,000 rows, so
    that no other writer waits long.
    """
    running = _slot(at, interval)
    rows = {
        slot: Candle(
            stock=stock,
            interval=interval,
            starts_at=slot,
            simulated=settings.SIMULATED,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            source=source,
        )
        for bar in bars
        if (slot := _slot(bar.starts_at, interval)) <= running
    }
    now = rows.pop(running, None)
    closed = list(rows.values())
    for first in range(0, len(closed), ROWS_A_TRANSACTION):
        with transaction.atomic():
            Candle.objects.bulk_create(
                closed[first : first + ROWS_A_TRANSACTION],
                update_conflicts=True,
                unique_fields=["stock", "simulated", "interval", "starts_at"],
                update_fields=["open", "high", "low", "close", "volume", "source"],
            )
    if now:
        Candle.objects.bulk_create([now], ignore_conflicts=True)


def _fresh_s(interval: Candle.Interval, at: datetime) -> int:
    if interval == Candle.Interval.DAY:
        return DAYS_FRESH_S
    moving = settings.SIMULATED or sessions.is_trading(at)
    return MINUTES_FRESH_S if moving else MINUTES_FRESH_CLOSED_S


def _slot(moment: datetime, interval: Candle.Interval) -> datetime:
    if interval == Candle.Interval.DAY:
        return midnight(sessions.sao_paulo_day(moment))
    return moment.replace(second=0, microsecond=0)


def _key(symbol: str, range_: str) -> str:
    return key("history", "simulated" if settings.SIMULATED else "real", symbol, range_)
