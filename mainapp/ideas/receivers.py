"""Signal receivers: recorded batches, and the publication of changes."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from mainapp.ideas.services.judging import judge_ideas
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.signals import quotes_recorded


@receiver(quotes_recorded)
def judge_batch(
    quotes: list[Quote],
    last: Mapping[str, Quote],
    stocks: Mapping[str, Stock],
    at: datetime,
    splits: Collection[str] = (),
    **kwargs: Any,
) -> None:
    judge_ideas(quotes=quotes, last=last, stocks=stocks, at=at, splits=splits)
