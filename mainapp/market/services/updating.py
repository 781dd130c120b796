"""Updates of quotes: claim, fetch, record, write to the board, publish."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Event, Thread

import redis
from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from redis.exceptions import LockError

from mainapp.core.clocks import is_ahead
from mainapp.core.realtime import GroupMessage, publish
from mainapp.core.redis import TIMEOUT_S, key
from mainapp.core.redis import client as redis_client
from mainapp.market import sessions, watch
from mainapp.market.board import Board, BoardLostError, FeedStatus, Placed
from mainapp.market.events import STOCK_TRACK, QuotesRecorded, quote_changes
from mainapp.market.providers.chain import Chain, build_chain
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services.recording import record_quotes

logger = logging.getLogger(__name__)

TASK = "update_stock"
LEASE_KEY = key("update_stock")
LEASE_S, RENEW_S = 2.0, 0.5
CLOSED_INTERVAL = timedelta(seconds=60)
EARLY = timedelta(seconds=1)  # beat is inexact: a run may start this much before its due time


@cache
def chain() -> Chain:
    """Return this process's chain of sources."""
    return build_chain()


@cache
def quote_board() -> Board:
    """Return this process's board."""
    return Board(simulated=settings.SIMULATED)


def ensure_periodic_task() -> None:
    """Create beat's `update_stock` and the nightly pruning if missing; admins' changes stay."""
    named = PeriodicTask.objects.filter
    if not named(name=TASK).exists():
        PeriodicTask.objects.create(
            name=TASK,
            task=TASK,
            interval=IntervalSchedule.objects.create(
                every=settings.UPDATE_INTERVAL_S, period=IntervalSchedule.SECONDS
            ),
            expire_seconds=settings.UPDATE_INTERVAL_S,
        )
    if not named(name="prune_candles").exists():
        night = CrontabSchedule.objects.create(minute="15", hour="3", timezone=settings.TIME_ZONE)
        PeriodicTask.objects.create(name="prune_candles", task="prune_candles", crontab=night)


def update_listed(*, symbols: Collection[str]) -> None:
    """Fetch the given symbols now, except those that another run is fetching.

    Raises: redis.RedisError.
    """
    if claimed := _claim(symbols):
        _fetch_and_place(claimed, next_due_at=None)


def update_watched(*, at: datetime, at_once: bool = False) -> bool:
    """Fetch all watched symbols if a batch is due; return whether this call ran the batch.

    `at_once` ignores the due time, which stays unchanged, and the claims of listed runs. In either
    case nothing happens while another batch runs. Raises: redis.RedisError.
    """
    interval = _interval()
    if interval is None or not (at_once or _is_due(at, interval)):
        return False
    with _lease() as is_acquired:
        # Checked again: another batch may have run since.
        if not is_acquired or not (at_once or _is_due(at, interval)):
            return False
        symbols = watch.watched_symbols(redis_client()) | watch.needed_symbols()
        if symbols and _are_sources_resting(at):
            return False
        pause = interval if _is_trading(at) else max(interval, CLOSED_INTERVAL)
        next_due_at = at + pause if _is_due(at, interval) else _next_due_at(at)
        wanted = symbols if at_once else _unclaimed(symbols)
        _fetch_and_place(wanted, next_due_at=next_due_at)
    return True


def is_overdue(*, at: datetime) -> bool:
    """Return whether the next batch is late: beat is down, or the last batch failed."""
    status = quote_board().status()
    return status is None or status.is_ahead(at) or at > status.next_due_at + EARLY


def restore_board() -> bool:
    """Restore a lost board from the last recorded quotes; return False if it is not lost."""
    return not quote_board().exists() and quote_board().restore(last_quotes().values())


def _fetch_and_place(symbols: Collection[str], *, next_due_at: datetime | None) -> None:
    """Fetch, record, place and publish quotes. `next_due_at` is None for a listed run.

    A batch without any quote in which sources failed leaves the status unchanged: it is still due,
    and pages show the feed as late.
    """
    fetched = chain().fetch(sorted(symbols))
    for source, error in fetched.errors.items():
        logger.warning("%s: %s", source, error)
    at = datetime.now(UTC)
    recorded = record_quotes(quotes=[*fetched.refused, *fetched.quotes.values()], at=at)
    for (source, reason), count in recorded.rejected.items():
        logger.warning("%s: %d quotes refused: %s", source, count, reason)
    status = None
    if next_due_at and (fetched.quotes or not fetched.errors):
        status = FeedStatus(batch_at=at, next_due_at=next_due_at)
    place_quotes(recorded.quotes, status)


def place_quotes(quotes: Collection[Quote], status: FeedStatus | None) -> Placed:
    """Write recorded quotes to the board and publish the changes. Raises: redis.RedisError."""
    placed = _place(quotes, status)
    if placed.changed:
        publish([GroupMessage(STOCK_TRACK, _batch_message(placed))])
    return placed


def _place(quotes: Collection[Quote], status: FeedStatus | None) -> Placed:
    try:
        return quote_board().put(quotes, status)
    except BoardLostError:
        restore_board()
        return quote_board().put(quotes, status)


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


def _are_sources_resting(at: datetime) -> bool:
    """Return whether no source may be called now.

    If the soonest one only spreads its budget, its next time becomes the due time. If it failed,
    the batch stays due, so that pages do not show a live feed.
    """
    soonest = min(chain().states(), key=lambda state: state.wait_s)
    if not soonest.wait_s:
        return False
    if soonest.state == "resting":
        next_due_at = at + timedelta(seconds=soonest.wait_s)
        _place([], FeedStatus(batch_at=_last_batch_at(at), next_due_at=next_due_at))
    return True


def _last_batch_at(at: datetime) -> datetime:
    status = quote_board().status()
    return min(status.batch_at, at) if status else at


def _next_due_at(at: datetime) -> datetime:
    status = quote_board().status()
    return status.next_due_at if status else at


def _is_due(at: datetime, interval: timedelta) -> bool:
    """Return whether the next batch is due, or its due time is not believed.

    Sources that rest may set a due time further ahead than any interval; then each call of beat
    sets it again.
    """
    status = quote_board().status()
    if status is None or status.is_ahead(at):
        return True
    longest = max(interval, CLOSED_INTERVAL)
    return at >= status.next_due_at - EARLY or is_ahead(status.next_due_at, at=at, period=longest)


def _is_trading(at: datetime) -> bool:
    return settings.SIMULATED or sessions.session(at) != "closed"


def _interval() -> timedelta | None:
    """Return beat's interval as set in the admin, or None if the task is disabled."""
    task = PeriodicTask.objects.filter(name=TASK).select_related("interval").first()
    if task is None:
        return timedelta(seconds=settings.UPDATE_INTERVAL_S)
    if not task.enabled:
        return None
    if task.interval is None:
        return CLOSED_INTERVAL
    return timedelta(**{task.interval.period: task.interval.every})


def _claim(symbols: Collection[str]) -> list[str]:
    """Claim symbols for the sources' time-out; return those that no other run is fetching."""
    pipeline = redis_client().pipeline(transaction=False)
    names = sorted(set(symbols))
    for symbol in names:
        pipeline.set(_claim_key(symbol), 1, nx=True, px=int(settings.SOURCE_TIMEOUT_S * 1000))
    return [name for name, is_new in zip(names, pipeline.execute(), strict=True) if is_new]


def _unclaimed(symbols: Collection[str]) -> list[str]:
    if not symbols:
        return []
    names = sorted(symbols)
    claims = redis_client().mget([_claim_key(name) for name in names])
    return [name for name, claim in zip(names, claims, strict=True) if claim is None]


def _claim_key(symbol: str) -> str:
    return key("claim", symbol)


@contextmanager
def _lease() -> Iterator[bool]:
    """Acquire the lease that allows one batch at a time; yield whether it was acquired.

    A thread renews it: a batch may take longer than the lease, and a dead worker's soon expires.
    """
    lock = redis_client().lock(LEASE_KEY, timeout=LEASE_S, thread_local=False)
    if not lock.acquire(blocking=False):
        yield False
        return
    ended = Event()

    def renew() -> None:
        while not ended.wait(RENEW_S):
            try:
                lock.reacquire()
            except redis.RedisError as error:
                logger.warning("the lease of update_stock could not be renewed: %s", error)

    thread = Thread(target=renew, daemon=True, name="update_stock-lease")
    thread.start()
    try:
        yield True
    finally:
        ended.set()
        thread.join(timeout=RENEW_S + TIMEOUT_S)
        with suppress(LockError):
            lock.release()
