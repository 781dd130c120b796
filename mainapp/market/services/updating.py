"""Updates of quotes: claim, fetch, record, write to the board, publish."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings

from mainapp.core.clocks import SKEW, is_ahead
from mainapp.core.realtime import GroupMessage, publish
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market import sessions, watch
from mainapp.market.board import Board, BoardLostError, FeedStatus, Placed
from mainapp.market.events import STOCK_TRACK, QuotesRecorded, quote_changes
from mainapp.market.providers.chain import Chain
from mainapp.market.providers.configured import build_chain
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.schedule import update_schedule
from mainapp.market.services.claims import batch_lease, claim, unclaimed
from mainapp.market.services.recording import record_quotes
from mainapp.market.streams.redis_state import symbols_to_poll
from mainapp.market.symbols import CRIPTO, market_of

logger = logging.getLogger(__name__)

CLOSED_INTERVAL = timedelta(seconds=60)
# Beat is inexact: a run may start this much before its due time, but never takes the next run's.
EARLY, EARLY_SHARE = timedelta(seconds=1), 4
REACHED_KEY = key("reached")
REACHED_KEPT_S = 86_400


class Due(NamedTuple):
    """The due time of the next batch, and how far ahead of now it is set."""

    next_due_at: datetime
    pause_s: float


@cache
def chain() -> Chain:
    """Return this process's chain of sources."""
    return build_chain()


@cache
def quote_board() -> Board:
    """Return this process's board."""
    return Board(kind=settings.QUOTE_KIND)


def update_listed(*, symbols: Collection[str], run: str) -> None:
    """Fetch the given symbols now, except those that another run is fetching.

    `run` is the run's name: repeated after a failure of Redis, it keeps its claims.
    Raises: redis.RedisError.
    """
    if symbols and (claimed := claim(symbols, run=run)):
        _fetch_and_place(claimed, due=None)


def update_watched(*, at: datetime, at_once: bool = False) -> bool:
    """Fetch all watched symbols that no live stream gives, if a batch is due.

    Return whether this call ran the batch.
    `at_once` ignores the due time, which stays unchanged, and the claims of listed runs. In either
    case nothing happens while another batch runs. Raises: redis.RedisError.
    """
    interval = update_schedule().interval
    if interval is None or not (at_once or _is_due(at, interval)):
        return False
    with batch_lease() as batch:
        # Checked again: another batch may have run since.
        if not batch or not (at_once or _is_due(at, interval)):
            return False
        symbols = symbols_to_poll(watch.watched_symbols(redis_client()) | watch.needed_symbols())
        if symbols and _are_sources_resting(at, batch):
            return False
        pause = interval
        if not _is_trading(at):
            symbols, pause = _while_closed(symbols, interval, at_once=at_once)
        wanted = symbols if at_once else unclaimed(symbols)
        _fetch_and_place(wanted, due=_due_after(at, interval, pause), batch=batch)
    return True


def _while_closed(
    symbols: Collection[str], interval: timedelta, *, at_once: bool
) -> tuple[set[str], timedelta]:
    """Return the symbols to fetch while B3 is closed, and the pause until the next batch.

    The other market stays open: its symbols are fetched at each interval, B3's once a minute.
    """
    pause = max(interval, CLOSED_INTERVAL)
    open_ = {symbol for symbol in symbols if market_of(symbol) == CRIPTO}
    if at_once or not open_:
        return set(symbols), interval if open_ else pause
    closed = sorted(set(symbols) - open_)
    latest_ns = time.time_ns() - (pause - _early(interval)) // timedelta(microseconds=1) * 1000
    return open_ | {name for name, at in reached_ns(closed).items() if at <= latest_ns}, interval


def is_overdue(*, at: datetime) -> bool:
    """Return whether the next batch is late: beat is down, or the last batch failed."""
    status = quote_board().status()
    return status is None or status.is_ahead(at) or at > status.next_due_at + EARLY


def is_on_time(*, resumed_at: datetime, at: datetime) -> bool:
    """Return whether other workers ran the batches up to `resumed_at`, and the next is due soon.

    It is not if nothing was watched, or B3 is closed: the next one may be due in a minute.
    """
    interval = update_schedule().interval
    status = _believed_status(at, interval) if interval else None
    if interval is None or status is None or is_overdue(at=at):
        return False
    latest_due_at = at + interval + _early(interval)  # set by one that ran early
    return status.batch_at > resumed_at - interval and status.next_due_at <= latest_due_at


def restore_board() -> bool:
    """Restore a lost board from the last recorded quotes; return False if it is not lost."""
    return not quote_board().exists() and quote_board().restore(last_quotes().values())


def _fetch_and_place(symbols: Collection[str], *, due: Due | None, batch: str = "") -> None:
    """Fetch, record, place and publish quotes. `due` is None for a listed run, without a lease.

    A batch without any quote in which sources failed leaves the status unchanged: it is still due,
    and pages show the feed as late.
    """
    fetched = chain().fetch(_longest_unreached_first(symbols))
    _note_reached(set(symbols) - fetched.unreached)
    for source, error in fetched.errors.items():
        logger.warning("%s: %s", source, error)
    at = datetime.now(UTC)
    recorded = record_quotes(quotes=[*fetched.refused, *fetched.quotes.values()], at=at)
    for (source, reason), count in recorded.rejected.items():
        logger.warning("%s: %d quotes refused: %s", source, count, reason)
    status = None
    if due and (fetched.quotes or not fetched.errors):
        # Also the symbols whose calls failed or timed out: their prices are just as old.
        late = fetched.unreached | quote_board().placed(fetched.missing)
        status = FeedStatus(batch_at=at, late=tuple(sorted(late)), **due._asdict())
    place_quotes(recorded.quotes, status, batch=batch)


def _longest_unreached_first(symbols: Collection[str]) -> list[str]:
    """Return the symbols in the order in which they should be fetched.

    A round may be too short for all: in alphabetical order, the last ones would never be fetched.
    """
    if not symbols:
        return []
    names = sorted(symbols)
    # A time in the future was set by a clock that ran ahead, and would put its symbol last.
    latest_ns = time.time_ns() + SKEW // timedelta(microseconds=1) * 1000
    reached_at = reached_ns(names)
    return sorted(names, key=lambda name: reached_at[name] if reached_at[name] <= latest_ns else 0)


def reached_ns(symbols: Sequence[str]) -> dict[str, int]:
    """Return when each symbol was last polled, in nanoseconds since 1970, 0 if not in a day.

    One round trip, none without symbols. Raises: redis.RedisError.
    """
    if not symbols:
        return {}
    times: Any = redis_client().hmget(REACHED_KEY, list(symbols))
    return {symbol: int(at or 0) for symbol, at in zip(symbols, times, strict=True)}


def _note_reached(symbols: Collection[str]) -> None:
    if symbols:
        pipeline = redis_client().pipeline()
        pipeline.hset(REACHED_KEY, mapping=dict.fromkeys(symbols, time.time_ns()))
        pipeline.expire(REACHED_KEY, REACHED_KEPT_S)
        pipeline.execute()


def place_quotes(quotes: Collection[Quote], status: FeedStatus | None, **holders: str) -> Placed:
    """Write recorded quotes to the board and publish the changes.

    `holders` are those of `Board.put`. Raises: LeaseLostError, redis.RedisError.
    """
    placed = _place(quotes, status, **holders)
    if placed.changed:
        publish([GroupMessage(STOCK_TRACK, _batch_message(placed))])
    return placed


def _place(quotes: Collection[Quote], status: FeedStatus | None, **holders: str) -> Placed:
    try:
        return quote_board().put(quotes, status, **holders)
    except BoardLostError:
        restore_board()
        return quote_board().put(quotes, status, **holders)


def _batch_message(placed: Placed) -> QuotesRecorded:
    return QuotesRecorded(
        type="quotes.recorded",
        epoch=placed.epoch,
        seq=placed.seq,
        quotes={
            symbol: quote_changes(before, after)
            for symbol, (before, after) in placed.changed.items()
        },
    )


def _are_sources_resting(at: datetime, batch: str) -> bool:
    """Return whether no source may be called now.

    If the soonest one only spreads its budget, its next time becomes the due time. If it failed,
    the batch stays due, so that pages do not show a live feed.
    """
    soonest = min(chain().states(), key=lambda state: state.wait_s)
    if not soonest.wait_s:
        return False
    if soonest.state == "resting":
        due = Due(at + timedelta(seconds=soonest.wait_s), soonest.wait_s)
        status = quote_board().status() or FeedStatus(batch_at=at, next_due_at=at)
        status = replace(status, batch_at=min(status.batch_at, at), **due._asdict())
        _place([], status, batch=batch)
    return True


def _is_due(at: datetime, interval: timedelta) -> bool:
    status = _believed_status(at, interval)
    return status is None or at >= status.next_due_at - _early(interval)


def _due_after(at: datetime, interval: timedelta, pause: timedelta) -> Due:
    """Return the due time after a run at `at`.

    A run uses up one due time; the next one is `pause` later, however many beat processes run. When
    it was counted from the run itself, two beats at an interval of 2 s fetched every second.
    """
    status = _believed_status(at, interval)
    if status is None:
        return Due(at + pause, pause.total_seconds())
    if at < status.next_due_at - _early(interval):
        return Due(status.next_due_at, status.pause_s)  # an extra run
    used = max(status.next_due_at, at - _early(interval))
    return Due(used + pause, pause.total_seconds())


def _believed_status(at: datetime, interval: timedelta) -> FeedStatus | None:
    """Return the status, or None if its times are not believed: the next batch is due now.

    Sources that rest may set a later due time than any interval; each call of beat sets it again.
    """
    status = quote_board().status()
    if status is None or status.is_ahead(at):
        return None
    longest = max(interval, CLOSED_INTERVAL)
    return None if is_ahead(status.next_due_at, at=at, period=longest) else status


def _early(interval: timedelta) -> timedelta:
    return min(EARLY, interval / EARLY_SHARE)


def _is_trading(at: datetime) -> bool:
    return settings.QUOTE_KIND != "real" or sessions.is_trading(at)
