"""Lists of ideas, with their results and tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Round

from mainapp.accounts.models import Block
from mainapp.clubs.selectors.audience import in_club
from mainapp.core.models import Tag
from mainapp.ideas.conditions import BUY, OPEN, SELL
from mainapp.ideas.models import Idea, IdeaQuerySet, SavedFilter
from mainapp.market.models import LastQuote, Stock
from mainapp.market.models.fields import PriceField

PAGE_SIZE = 20
NEWEST = 100
SHOWN_TAGS = 12
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


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of a reader's filters that depend on the data."""

    tags: Sequence[Tag]
    sectors: Sequence[str]
    filters: Sequence[SavedFilter]


def choices_for(user: Any) -> Choices:
    """Return tags of the newest ideas and sectors that a user may see, and their filters.

    One query.
    """
    seen = visible_ideas(user).order_by()
    newest = seen.filter(deleted_at=None).order_by("-pk").values("pk")[:NEWEST]
    rows: dict[str, list[tuple[int, str, str]]] = {"tag": [], "sector": [], "filter": []}
    parts = (
        _part("tag", Tag.objects.filter(ideas__in=newest), F("pk"), "name", "key"),
        _part(
            "sector", Stock.objects.filter(ideas__in=seen).exclude(sector=""), Value(0), "sector"
        ),
        _part("filter", SavedFilter.objects.filter(owner=user.pk), F("pk"), "name", "query"),
    )
    for kind, *row in parts[0].union(*parts[1:]):
        rows[kind].append(tuple(row))
    tags = sorted(rows["tag"], key=itemgetter(2))[:SHOWN_TAGS]
    return Choices(
        tags=[Tag(pk=pk, name=name, key=key) for pk, name, key in tags],
        sectors=sorted(name for _pk, name, _more in rows["sector"]),
        filters=[
            SavedFilter(pk=pk, name=name, query=query)
            for pk, name, query in sorted(rows["filter"], key=itemgetter(1))
        ],
    )


def _part(kind: str, rows: QuerySet[Any], pk: Any, name: str, more: str = "") -> QuerySet[Any]:
    text = CharField()
    return rows.order_by().values_list(
        Value(kind, text), pk, F(name), F(more) if more else Value("", text)
    )
