"""Background tasks of the market: updates of quotes, history, and pruning."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.market.services import candles, history, updating

logger = logging.getLogger(__name__)

LISTED = "listed"
# By then the hub has requested a symbol without a quote again: after 3 s, then after 6 s more.
REQUEST_EXPIRES_S = 10


@shared_task(name="update_stock")
def update_stock(symbols: list[str] | None = None) -> str:
    """Fetch the given symbols, or all watched ones; the next run retries failures."""
    try:
        if symbols is None:
            updating.update_watched(at=timezone.now())
        else:
            updating.update_listed(symbols=symbols)
    except redis.RedisError as error:
        logger.warning("update_stock: Redis is unavailable: %s", error)
    return "update_stock() -> Done."


@shared_task(name="prune_candles", ignore_result=True)
def prune_candles() -> None:
    """Delete candles that are older than the settings allow."""
    candles.prune_candles(at=timezone.now())


def request_quotes(symbols: list[str]) -> None:
    """Enqueue an immediate fetch of symbols, on a queue that batches do not delay.

    Lost requests are logged only: the hub repeats them.
    """
    try:
        update_stock.apply_async(
            args=(symbols,),
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
