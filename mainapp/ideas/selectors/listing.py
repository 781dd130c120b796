"""Lists of ideas, with their results and tags."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Case, DecimalField, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Round

from mainapp.accounts.models import Block
from mainapp.clubs.selectors.audience import in_club
from mainapp.core.models import Tag
from mainapp.ideas.conditions import BUY, OPEN, SELL
from mainapp.ideas.models import Idea, IdeaQuerySet, SavedFilter
from mainapp.market.models import LastQuote, Stock
from mainapp.market.models.fields import PriceField

PAGE_SIZE = 20
RESULT: "DecimalField[Any, Any]" = DecimalField(max_digits=24, decimal_places=2)


def all_ideas() -> IdeaQuerySet:
    """Return the ideas of this kind of market; lists narrow them by `visible_to`."""
    rows: IdeaQuerySet = Idea.objects.filter(quote_kind=settings.QUOTE_KIND)
    return rows


def visible_ideas(user: Any) -> IdeaQuerySet:
    """Return the ideas that a user, possibly anonymous, may see, deleted ones included."""
    return all_ideas().visible_to(user)  # type: ignore[return-value] # of the same class


def listed_ideas(user: Any, clubs: Sequence[str] = ()) -> QuerySet[Idea]:
    """Return the ideas of lists, newest first, each with its `result` in percent.

    That is the return of an ended idea, or that of an open one at the last recorded price.
    `clubs` are the values of `?club=`. Deleted ideas, waiting ones of others, and those of people
    whom the user blocks are not listed.
    """
    rows = in_club(all_ideas(), clubs, user).filter(deleted_at=None)
    own = rows.none() if user.pk is None else rows.filter(author=user.pk)
    shown = rows.exclude(price_at=None)
    if user.pk is not None:
        shown = shown.exclude(author__in=Block.objects.filter(blocker=user.pk).values("blocked"))
        shown = shown | own.filter(status__in=("waiting",))
    return with_results(shown).select_related("author", "stock", "club").prefetch_related("tags")


def with_results(rows: QuerySet[Idea]) -> QuerySet[Idea]:
    last = LastQuote.objects.filter(stock=OuterRef("stock"), kind=OuterRef("quote_kind"))
    change = (F("last_price") - F("price_at")) * Value(Decimal(100)) / F("price_at")
    running = Case(
        When(status=OPEN, side=BUY, then=Round(change, 2)),
        When(status=OPEN, side=SELL, then=Round(-change, 2)),
        output_field=RESULT,
    )
    return rows.annotate(
        last_price=Subquery(last.values("price")[:1], output_field=PriceField())
    ).annotate(result=Coalesce(F("return_pct"), running, output_field=RESULT))


def sectors_of_ideas(user: Any) -> list[str]:
    """Return the sectors of the stocks with ideas that a user may see. One query."""
    stocks = Stock.objects.filter(ideas__in=visible_ideas(user)).exclude(sector="")
    return list(stocks.order_by("sector").values_list("sector", flat=True).distinct())


def tags_of_ideas(user: Any, limit: int = 12) -> list[Tag]:
    """Return tags of the newest ideas that a user may see. One query."""
    newest = visible_ideas(user).filter(deleted_at=None).order_by("-pk").values("pk")[:100]
    return list(
        Tag.objects.filter(ideas__in=list(newest.values_list("pk", flat=True))).distinct()[:limit]
    )


def filters_of(user: Any) -> QuerySet[SavedFilter]:
    if user.pk is None:
        return SavedFilter.objects.none()
    return SavedFilter.objects.filter(owner=user.pk)
