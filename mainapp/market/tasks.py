"""What the market does in the background."""

import logging

import redis
from celery import shared_task
from celery.exceptions import OperationalError
from django.utils import timezone

from mainapp.market.services import history, recording, updating

logger = logging.getLogger(__name__)

LISTED = "listed"
ASK_EXPIRES_S = 10


@shared_task(name="update_stock")
def update_stock(symbols: list[str] | None = None) -> str:
    """Fetch these symbols, or everything watched; what fails, the next run makes good."""
    try:
        if symbols is None:
            updating.update_watched(at=timezone.now())
        else:
            updating.update_listed(symbols=symbols)
    except redis.RedisError as error:
        logger.warning("update_stock: Redis does not answer: %s", error)
    return "update_stock() -> Done."


@shared_task(name="prune_candles", ignore_result=True)
def prune_candles() -> None:
    """Delete the candles that the settings no longer keep."""
    recording.prune_candles(at=timezone.now())


def ask_for_quotes(symbols: list[str]) -> None:
    """Have symbols fetched now, on the queue that no batch holds up; a lost ask is repeated."""
    try:
        update_stock.apply_async(
            args=(symbols,), queue=LISTED, expires=ASK_EXPIRES_S, retry=False, ignore_result=True
        )
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("quotes could not be asked for: %s", error)


@shared_task(name="load_history", ignore_result=True)
def load_history(symbols: list[str], range_: str) -> None:
    """Fetch and keep the past candles of each symbol, one after the other."""
    for symbol in symbols:
        history.load_history(symbol=symbol, range_=range_, at=timezone.now())
