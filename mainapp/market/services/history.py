"""Loading of past candles from the sources into the database.

The states of loads (running, failed, fresh) are keys in Redis that expire.
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
from mainapp.market.providers.configured import build_chain
from mainapp.market.quotes import Bar
from mainapp.market.quotes.histories import believed_bars
from mainapp.market.selectors.candles import (
    LATE_BEGINNING,
    midnight,
    range_start,
    stored_interval,
)
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services.corporate_events import want_events
from mainapp.market.services.recording import count_rejections
from mainapp.market.symbols import B3, CRIPTO, Market

logger = logging.getLogger(__name__)

Status = Literal["ok", "loading", "failed"]
LOADING_S = 30  # a load whose worker died may be claimed again after this time
FAILED_S = 30
MINUTES_FRESH_S = 300
MINUTES_FRESH_CLOSED_S = 3600
DAYS_FRESH_S = 6 * 3600
DAY_REQUEST_S = 6 * 3600
ROWS_A_TRANSACTION = 1000


@dataclass(frozen=True, slots=True)
class Load:
    """The state of a range's load. With `claimed`, the caller has to start it."""

    status: Status
    claimed: bool = False
    retry_after_s: int = 0


def is_complete(bars: Sequence[Bar], *, range_: str, at: datetime, market: Market = B3) -> bool:
    """Return whether the stored daily bars contain each session of a range before today.

    A start up to five days late is not a gap: a source's month may be shorter than ours. Ranges of
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
    return all(day in stored_days for day in days if sessions.is_session_day(day, market))


def claim_load(*, symbol: str, range_: str) -> Load:
    """Claim the load of a range; only one caller gets the claim, the others the load's state.

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

    Return the symbols that the caller has to load, and all symbols being loaded. Two round trips.
    Raises: redis.RedisError.
    """
    client = redis_client()
    with client.pipeline(transaction=False) as pipeline:
        for symbol in symbols:
            pipeline.set(f"{_key(symbol, '1d')}:asked", 1, nx=True, ex=DAY_REQUEST_S)
        due = [symbol for symbol, is_new in zip(symbols, pipeline.execute(), strict=True) if is_new]
        for symbol in due:
            # Longer than one load: a task loads up to twenty symbols in turn.
            pipeline.set(_key(symbol, "1d"), "loading", nx=True, ex=LOADING_S * 4)
        for symbol in symbols:
            pipeline.get(_key(symbol, "1d"))
        replies: list[Any] = pipeline.execute()
    claimed = [symbol for symbol, is_new in zip(due, replies, strict=False) if is_new]
    states = zip(symbols, replies[len(due) :], strict=True)
    return claimed, {symbol for symbol, state in states if state == b"loading"}


def load_history(*, symbol: str, range_: str, at: datetime) -> Status:
    """Fetch a range's candles from the sources, store them, and record the outcome.

    Safe to repeat: a slot has one candle. Blocks for the sources' timeouts at most.
    Raises: Stock.DoesNotExist, redis.RedisError.
    """
    stock = Stock.objects.get(symbol=symbol)
    want_events(stock=stock, at=at)  # somebody looks at it
    interval = stored_interval(range_)
    try:
        bars, source = build_chain().history(symbol, range_, interval.value)
    except ProviderError as error:
        logger.warning("history of %s (%s): %s", symbol, range_, error)
        redis_client().set(_key(symbol, range_), "failed", ex=FAILED_S)
        return "failed"
    store_bars(stock=stock, interval=interval, bars=bars, source=source, at=at)
    redis_client().set(_key(symbol, range_), "ok", ex=_fresh_s(stock, interval, at))
    return "ok"


def store_bars(
    *, stock: Stock, interval: Candle.Interval, bars: Iterable[Bar], source: str, at: datetime
) -> None:
    """Store bars as candles, of the kind of this run; replace all but the current slot.

    Bars with doubtful prices are refused and counted, like quotes.
    The current slot is written by the recording of quotes, and only created here if it is missing.
    Each transaction writes 1,000 rows, so that no other writer waits long.
    """
    current_slot = _slot(at, interval)
    believed = _believed(stock, bars, source, at)
    rows = {
        slot: Candle(
            stock=stock,
            interval=interval,
            starts_at=slot,
            kind=settings.QUOTE_KIND,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            source=source,
        )
        for bar in believed
        if (slot := _slot(bar.starts_at, interval)) <= current_slot
    }
    current = rows.pop(current_slot, None)
    closed = list(rows.values())
    for first in range(0, len(closed), ROWS_A_TRANSACTION):
        with transaction.atomic():
            Candle.objects.bulk_create(
                closed[first : first + ROWS_A_TRANSACTION],
                update_conflicts=True,
                unique_fields=["stock", "kind", "interval", "starts_at"],
                update_fields=["open", "high", "low", "close", "volume", "source"],
            )
    if current:
        Candle.objects.bulk_create([current], ignore_conflicts=True)


def _believed(stock: Stock, bars: Iterable[Bar], source: str, at: datetime) -> list[Bar]:
    """Return the plausible bars; count the others as refused."""
    ordered = sorted(bars, key=lambda bar: bar.starts_at)
    believed = believed_bars(ordered, last=last_quotes([stock.symbol]).get(stock.symbol))
    if refused := len(ordered) - len(believed):
        count_rejections(
            source=source, reason="doubtful", symbol=stock.symbol, count=refused, at=at
        )
    return believed


def _fresh_s(stock: Stock, interval: Candle.Interval, at: datetime) -> int:
    if interval == Candle.Interval.DAY:
        return DAYS_FRESH_S
    is_open = settings.QUOTE_KIND != "real" or stock.market == CRIPTO or sessions.is_trading(at)
    return MINUTES_FRESH_S if is_open else MINUTES_FRESH_CLOSED_S


def _slot(moment: datetime, interval: Candle.Interval) -> datetime:
    if interval == Candle.Interval.DAY:
        return midnight(sessions.sao_paulo_day(moment))
    return moment.replace(second=0, microsecond=0)


def _key(symbol: str, range_: str) -> str:
    return key("history", settings.QUOTE_KIND, symbol, range_)
