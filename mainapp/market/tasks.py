"""Background tasks of the market: quotes, history, corporate events, uploaded files, pruning."""

import logging
from collections.abc import Callable
from time import monotonic, sleep
from uuid import uuid4

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from celery.worker import state as worker_state
from django.utils import timezone

from mainapp.core.database import REQUEST_S, calls_limited
from mainapp.market.services import (
    candles,
    corporate_events,
    history,
    history_files,
    updating,
)
from mainapp.market.services.scheduling import EVENTS, FILES
from mainapp.market.streams.redis_state import symbols_to_poll

logger = logging.getLogger(__name__)

LISTED = "listed"
# By then the hub has requested a symbol without a quote again: after 3 s, then after 6 s more.
REQUEST_EXPIRES_S = 10
REDIS_WAIT_S, REDIS_PAUSE_S = 60.0, 0.5


@shared_task(name="update_stock")
def update_stock(symbols: list[str] | None = None) -> str:
    """Fetch the given symbols, or all watched ones.

    Without Redis, a listed run waits for it; a batch is left to the next one.
    """
    # A reply that is lost on its way would stop prices for as long as a worker may wait.
    with calls_limited(REQUEST_S):
        if symbols is None:
            _try(lambda: updating.update_watched(at=timezone.now()))
        else:
            run = uuid4().hex
            _repeat_until_redis_answers(lambda: updating.update_listed(symbols=symbols, run=run))
    return "update_stock() -> Done."


def _repeat_until_redis_answers(update: Callable[[], None]) -> None:
    until = monotonic() + REDIS_WAIT_S
    while not _try(update, log_level=logging.DEBUG):
        if monotonic() >= until or worker_state.should_stop is not None:
            _try(update)
            return
        sleep(REDIS_PAUSE_S)


def _try(update: Callable[[], object], *, log_level: int = logging.WARNING) -> bool:
    """Run an update; return whether Redis was available."""
    try:
        update()
    except redis.RedisError as error:
        logger.log(log_level, "update_stock: Redis is unavailable: %s", error)
        return False
    return True


@shared_task(name="prune_candles", ignore_result=True)
def prune_candles() -> None:
    """Delete candles that are older than the settings allow."""
    candles.prune_candles(at=timezone.now())


def request_quotes(symbols: list[str]) -> None:
    """Enqueue an immediate fetch of symbols that no stream gives, on a queue of its own.

    Lost requests are logged only: the hub repeats them.
    """
    try:
        if not (polled := sorted(symbols_to_poll(symbols))):
            return
        update_stock.apply_async(
            args=(polled,),
            queue=LISTED,
            expires=REQUEST_EXPIRES_S,
            retry=False,
            ignore_result=True,
        )
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("quotes could not be requested: %s", error)


@shared_task(name="load_history", ignore_result=True)
def load_history(symbols: list[str], range_: str) -> None:
    """Fetch and store the past candles of each symbol, one symbol at a time."""
    for symbol in symbols:
        history.load_history(symbol=symbol, range_=range_, at=timezone.now())


@shared_task(name=EVENTS, ignore_result=True)
def read_corporate_events() -> None:
    """Read the corporate events that are due from the sources."""
    corporate_events.read_due_reports(at=timezone.now())


@shared_task(name=FILES, ignore_result=True)
def load_history_files() -> None:
    """Load the uploaded history files that wait."""
    history_files.load_waiting_files(at=timezone.now())


def queue_history_files() -> None:
    """Queue `load_history_files`; without a broker the periodic run loads them later."""
    try:
        load_history_files.apply_async(retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("history files could not be queued: %s", error)
