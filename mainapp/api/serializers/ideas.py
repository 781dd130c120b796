"""Ideas, their comments, and track records."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from mainapp.accounts.selectors import name_of
from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Money, Price, ShortList, Strict, TagData, Ticker
from mainapp.core.prices import MOST_PLACES
from mainapp.core.rendering import MAX_BODY
from mainapp.ideas.forms import MAX_COUNT
from mainapp.ideas.models import Idea
from mainapp.ideas.policies import MAX_COMMENT, MAX_TAG, MAX_TAGS
from mainapp.ideas.selectors.live import text_of

SIDES = Idea.Side.choices


class IdeaQuery(serializers.Serializer):
    """Filters and order of ideas, all combinable. `tags` are ids or names, separated by commas."""

    q = serializers.CharField(max_length=60, required=False)
    author = serializers.CharField(max_length=150, required=False)
    tags = serializers.CharField(max_length=200, required=False)
    stock = serializers.CharField(max_length=12, required=False)
    sector = serializers.CharField(max_length=80, required=False)
    side = serializers.ChoiceField(choices=SIDES, required=False)
    status = serializers.ChoiceField(choices=Idea.Status.choices, required=False)
    club = serializers.CharField(max_length=60, required=False)
    min_comments = serializers.IntegerField(min_value=0, max_value=MAX_COUNT, required=False)
    created_from = serializers.DateField(required=False)
    created_to = serializers.DateField(required=False)
    return_min = Money(required=False)
    return_max = Money(required=False)
    ordering = serializers.ChoiceField(
        choices=[
            *("-created_at", "created_at", "-comments_count", "comments_count"),
            *("-return", "return"),
        ],
        default="-created_at",
    )


class BookQuery(serializers.Serializer):
    """Filters and order of ideas under the names of other services."""

    title = serializers.CharField(max_length=60, required=False)
    author = serializers.CharField(max_length=150, required=False)
    tags = serializers.CharField(max_length=200, required=False)
    comments_count = serializers.IntegerField(min_value=0, max_value=MAX_COUNT, required=False)
    ordering = serializers.ChoiceField(
        choices=["-created_at", "created_at", "-comments_count", "comments_count"],
        default="-created_at",
    )


class _Tags(ShortList):
    def __init__(self, **options: Any) -> None:
        child = serializers.CharField(max_length=MAX_TAG)
        super().__init__(child=child, max_length=MAX_TAGS, **options)


class IdeaInput(Strict):
    """A new idea. A neutral one has neither `target` nor `stop`; `club` is a club's slug."""

    stock = Ticker()
    side = serializers.ChoiceField(choices=SIDES)
    thesis = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False)
    target = Price(required=False, allow_null=True, min_value=Decimal(1).scaleb(-MOST_PLACES))
    stop = Price(required=False, allow_null=True, min_value=Decimal(1).scaleb(-MOST_PLACES))
    horizon = serializers.DateField()
    tags = _Tags(required=False)
    club = serializers.CharField(max_length=60, required=False, allow_null=True)


class IdeaChange(Strict):
    """Changes of an idea: thesis and tags for 15 minutes, the other fields while it waits."""

    side = serializers.ChoiceField(choices=SIDES, required=False)
    thesis = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False, required=False)
    target = Price(required=False, allow_null=True, min_value=Decimal(1).scaleb(-MOST_PLACES))
    stop = Price(required=False, allow_null=True, min_value=Decimal(1).scaleb(-MOST_PLACES))
    horizon = serializers.DateField(required=False)
    tags = _Tags(required=False)


class Author(serializers.Serializer):
    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()


class IdeaPrice(serializers.Serializer):
    """A recorded price: when it was made, and its source."""

    price = serializers.CharField()
    time = Moment()
    source = serializers.CharField()


class IdeaData(serializers.Serializer):
    """An idea. `return_pct` is that of the end, or of an open idea at the last recorded price.

    `title` has the side and the ticker. A deleted idea has no thesis.
    """

    id = serializers.IntegerField()
    title = serializers.CharField()
    author = Author(allow_null=True)
    club = serializers.CharField(allow_null=True)
    stock = serializers.CharField()
    side = serializers.CharField()
    status = serializers.CharField()
    thesis = serializers.CharField()
    thesis_html = serializers.CharField()
    tags = TagData(many=True)
    target = serializers.CharField(allow_null=True)
    stop = serializers.CharField(allow_null=True)
    horizon = serializers.DateField()
    price_at = IdeaPrice(allow_null=True)
    closed_at = IdeaPrice(allow_null=True)
    closing_asked_at = Moment(allow_null=True)
    return_pct = serializers.CharField(allow_null=True)
    index_pct = serializers.CharField(allow_null=True)
    comments_count = serializers.IntegerField()
    created_at = Moment()
    edited_at = Moment(allow_null=True)
    is_deleted = serializers.BooleanField()


class CommentInput(Strict):
    body = serializers.CharField(max_length=MAX_COMMENT, trim_whitespace=False)


class CommentUser(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    avatar = serializers.CharField(allow_null=True)


class CommentData(serializers.Serializer):
    """A comment; a deleted one has no text."""

    id = serializers.IntegerField()
    user = CommentUser(allow_null=True)
    body_html = serializers.CharField(allow_blank=True)
    created_at = Moment()
    deleted = serializers.BooleanField()


class RecordData(serializers.Serializer):
    """A person's track record: public ideas only; rates are null for fewer than five ended ones."""

    published = serializers.IntegerField()
    running = serializers.IntegerField()
    decided = serializers.IntegerField()
    hits = serializers.IntegerField()
    hit_pct = serializers.CharField(allow_null=True)
    mean_pct = serializers.CharField(allow_null=True)
    index_mean_pct = serializers.CharField(allow_null=True)
    excess_pct = serializers.CharField(allow_null=True)


def idea_data(idea: Any) -> dict[str, Any]:
    """Return an idea of `listed_ideas` or `get_idea`, which have its `result`."""
    author = idea.author
    return {
        "id": idea.pk,
        "title": f"{str(idea.get_side_display()).capitalize()} {idea.stock.symbol}",
        "author": {"id": author.pk, "username": author.username, "name": name_of(author)}
        if author
        else None,
        "club": idea.club.slug if idea.club else None,
        "stock": idea.stock.symbol,
        "side": idea.side,
        "status": idea.status,
        "thesis": idea.thesis,
        "thesis_html": idea.thesis_html,
        "tags": [{"id": tag.pk, "name": tag.name} for tag in idea.tags.all()],
        "target": idea.price_text(idea.target),
        "stop": idea.price_text(idea.stop),
        "horizon": idea.horizon.isoformat(),
        "price_at": _price(idea, idea.price_at, idea.priced_at, idea.price_source),
        "closed_at": _price(idea, idea.close_price, idea.closed_at, idea.close_source),
        "closing_asked_at": _time(idea.closing_asked_at),
        "return_pct": text_of(idea.result),
        "index_pct": text_of(idea.index_pct),
        "comments_count": idea.comments_count,
        "created_at": _time(idea.created_at),
        "edited_at": _time(idea.edited_at),
        "is_deleted": idea.deleted_at is not None,
    }


def _price(idea: Idea, price: Any, time: Any, source: str) -> dict[str, Any] | None:
    if price is None:
        return None
    return {"price": idea.price_text(price), "time": _time(time), "source": source}


def _time(moment: Any) -> Any:
    return None if moment is None else Moment().to_representation(moment)


def record_data(record: Any) -> dict[str, Any]:
    names = ("hit_pct", "mean_pct", "index_mean_pct", "excess_pct")
    counts = ("published", "running", "decided", "hits")
    return {name: getattr(record, name) for name in counts} | {
        name: text_of(getattr(record, name)) for name in names
    }
