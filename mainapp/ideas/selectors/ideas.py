"""One idea, its chart, and its comments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from mainapp.accounts.models import Block
from mainapp.ideas.conditions import BUY
from mainapp.ideas.models import Idea, IdeaComment, PriceBreak
from mainapp.ideas.selectors.listing import visible_ideas, with_results
from mainapp.market.models import Candle
from mainapp.market.quotes import Quote
from mainapp.market.rendering import Paths, Point, whole_level_chart
from mainapp.market.selectors.candles import midnight
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day

COMMENTS = 30
# Below this age the chart has minutes.
MINUTES_FOR = timedelta(days=4)
MAX_POINTS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A line of the chart: its meaning, its price, and its place from the top."""

    name: str
    price: Decimal
    place: str
    is_top: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdeaChart:
    paths: Paths
    levels: Sequence[Level]


def get_idea(pk: int, user: Any) -> Idea:
    """Return an idea that a user may see, with its `result`. Raises: Idea.DoesNotExist.

    A waiting idea is its author's alone until it is published; one that never was stays so.
    """
    rows = with_results(visible_ideas(user)).select_related("author", "stock", "club")
    idea = rows.prefetch_related("tags", "edits").get(pk=pk)
    if idea.price_at is None and (user.pk is None or idea.author_id != user.pk):
        raise Idea.DoesNotExist
    return idea


def quote_of(idea: Idea) -> Quote | None:
    return last_quotes([idea.stock.symbol]).get(idea.stock.symbol)


def is_held(idea: Idea) -> bool:
    """Return whether the scale of the stock's prices is unknown: nothing is decided then."""
    return (
        idea.is_live
        and PriceBreak.objects.filter(stock=idea.stock_id, simulated=settings.SIMULATED).exists()
    )


def chart_of(idea: Idea, quote: Quote | None, *, at: datetime) -> IdeaChart | None:
    """Return the chart from the publication to the end, with target and stop. One query."""
    if idea.price_at is None or idea.priced_at is None:
        return None
    end = idea.closed_at or at
    is_short = end - idea.priced_at <= MINUTES_FOR
    interval = Candle.Interval.MINUTE if is_short else Candle.Interval.DAY
    since = idea.priced_at if is_short else midnight(sao_paulo_day(idea.priced_at))
    candles = Candle.objects.filter(
        stock=idea.stock_id,
        simulated=settings.SIMULATED,
        interval=interval,
        starts_at__gte=since,
        starts_at__lte=end,
    ).order_by("starts_at")
    closes = list(candles.values_list("starts_at", "close"))
    step = len(closes) // MAX_POINTS + 1
    points: list[Point] = [(int(idea.priced_at.timestamp()), f"{idea.price_at:f}")]
    points += [(int(day.timestamp()), f"{close:f}") for day, close in closes[::step]]
    price = idea.close_price or (quote.price if quote else None)
    if price is not None:
        points.append((int(end.timestamp()), f"{price:f}"))
    return _chart(idea, sorted(points))


def _chart(idea: Idea, points: Sequence[Point]) -> IdeaChart:
    named = [("target", idea.target), ("stop", idea.stop)]
    drawn = [(name, price) for name, price in named if price is not None]
    chart = whole_level_chart(points, [price for _name, price in drawn], base=idea.price_at)
    levels = [
        Level(name=name, price=price, place=place, is_top=(name == "target") == (idea.side == BUY))
        for (name, price), (place, _edge) in zip(drawn, chart.levels, strict=True)
    ]
    return IdeaChart(paths=chart.paths, levels=levels)


def distance_pct(limit: Decimal | None, price: Decimal | None) -> Decimal | None:
    """Return how far a price has to move to a limit, in percent of the price."""
    if limit is None or not price:
        return None
    return ((limit - price) * 100 / price).quantize(Decimal("0.01"))


def comments_of(idea: Idea, user: Any) -> QuerySet[IdeaComment]:
    """Return the comments on an idea, oldest first, deleted ones without their text."""
    return IdeaComment.objects.visible_to(user).filter(idea=idea).select_related("author")


def blocked_by(user: Any) -> set[int]:
    """Return the ids of the people whose comments a user does not want to see. One query."""
    if user.pk is None:
        return set()
    return set(Block.objects.filter(blocker=user.pk).values_list("blocked", flat=True))
