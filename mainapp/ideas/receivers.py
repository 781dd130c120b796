"""Signal receivers: recorded batches, and the publication of changes."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from mainapp.core.realtime import GroupMessage, publish
from mainapp.ideas.events import IDEAS, IdeasChanged
from mainapp.ideas.services.judging import judge_ideas
from mainapp.ideas.signals import ideas_changed
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


@receiver(ideas_changed)
def publish_changes(ideas: list[tuple[int, int]], **kwargs: Any) -> None:
    """Publish the revisions of ideas; of several queued ones, only the newest is sent."""
    publish(
        GroupMessage(IDEAS, IdeasChanged(type="ideas.changed", idea=pk), key=pk, rank=revision)
        for pk, revision in ideas
    )
