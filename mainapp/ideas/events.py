"""The channel layer's group of ideas, its messages, and the frames of `ws/idea/<pk>/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypedDict

IDEAS = "ideas"
HUNDREDTH = Decimal("0.01")


class IdeasChanged(TypedDict):
    """Message to the group `ideas`: an idea has a new revision, or a comment of it changed."""

    type: Literal["ideas.changed"]
    idea: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveIdea:
    """The state of an idea for its open pages.

    `readers` are those of the given users who may see it, or None if everybody may. `comments` are
    the frames of the new comments, `authors` the ids of their authors.
    """

    pk: int
    club: int | None
    symbol: str
    revision: int
    is_live: bool
    target: str | None
    stop: str | None
    last_comment: int
    status: Mapping[str, Any]
    comments: Sequence[Mapping[str, Any]] = ()
    authors: Sequence[int | None] = ()
    readers: frozenset[int] | None = None


def price_frame(idea: LiveIdea, price: str) -> dict[str, Any]:
    """Return the `price` frame: how far the price is from the target and the stop, in percent."""
    return {
        "type": "price",
        "price": price,
        "distance_pct": _distance(idea.target, price),
        "stop_distance_pct": _distance(idea.stop, price),
    }


def _distance(limit: str | None, price: str) -> str | None:
    try:
        now = Decimal(price)
        return (
            None if limit is None else str(((Decimal(limit) - now) * 100 / now).quantize(HUNDREDTH))
        )
    except (InvalidOperation, ZeroDivisionError):
        return None
