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
from mainapp.market.quotes import Bar, Quote
from mainapp.market.rendering import Paths, Point, whole_level_chart
from mainapp.market.selectors.candles import RANGE_DAYS, stored_bars
from mainapp.market.selectors.quotes import last_quotes

COMMENTS = 30
# Charts of younger ideas have bars of minutes.
MINUTES_FOR = timedelta(days=4)
MAX_POINTS = 600
LONG_RANGES = ("1mo", "3mo", "6mo", "1y", "5y")


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

    Only the author sees an idea that waits for its publication, or was never published.
    """
    rows = with_results(visible_ideas(user)).select_related("author", "stock", "club")
    idea = rows.prefetch_related("tags", "edits").get(pk=pk)
    if idea.price_at is None and (user.pk is None or idea.author_id != user.pk):
        raise Idea.DoesNotExist
    return idea


def quote_of(idea: Idea) -> Quote | None:
    return last_quotes([idea.stock.symbol]).get(idea.stock.symbol)


def is_held(idea: Idea) -> bool:
    """Return whether the idea is not judged, because the scale of its prices is unknown."""
    return (
        idea.is_live
        and PriceBreak.objects.filter(stock=idea.stock_id, quote_kind=settings.QUOTE_KIND).exists()
    )


def bars_of(idea: Idea, *, at: datetime) -> tuple[str, list[Bar]]:
    """Return a range that covers the idea's days, and its stored bars. Two queries at most.

    The bars are minutes while the idea is new, otherwise days.
    """
    if idea.priced_at is None:
        return "", []
    age = at - idea.priced_at
    range_, interval = "5d", "1m"
    if age > MINUTES_FOR:
        long = (name for name in LONG_RANGES if age < timedelta(days=RANGE_DAYS[name] - 3))
        range_, interval = next(long, "max"), "1d"
    bars, _source = stored_bars(stock=idea.stock, range_=range_, interval=interval, at=at)
    return range_, bars


def chart_of(
    idea: Idea, bars: Sequence[Bar], quote: Quote | None, *, at: datetime
) -> IdeaChart | None:
    """Return the chart from the publication to the end, with target and stop."""
    if idea.price_at is None or idea.priced_at is None:
        return None
    end = idea.closed_at or at
    shown = [bar for bar in bars if idea.priced_at < bar.starts_at <= end]
    step = len(shown) // MAX_POINTS + 1
    points: list[Point] = [(int(idea.priced_at.timestamp()), f"{idea.price_at:f}")]
    points += [(int(bar.starts_at.timestamp()), f"{bar.close:f}") for bar in shown[::step]]
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
