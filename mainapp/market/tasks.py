"""What the market does in the background."""

from celery import shared_task
from django.utils import timezone

from mainapp.market.services import history


@shared_task(name="load_history", ignore_result=True)
def load_history(symbols: list[str], range_: str) -> None:
    """Fetch and keep the past candles of each symbol, one after the other."""
    for symbol in symbols:
        history.load_history(symbol=symbol, range_=range_, at=timezone.now())
