"""Ideas in the site's search."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mainapp.accounts.selectors import name_of
from mainapp.core.search import Result, Section, list_url
from mainapp.ideas.selectors.listing import listed_ideas
from mainapp.market.selectors.folded import in_search_text

MIN_LENGTH = 2


def find_ideas(text: str, *, user: Any, limit: int) -> Sequence[Result]:
    """Return the newest ideas with all words. Two queries."""
    rows = listed_ideas(user).filter(in_search_text(text))
    return [
        Result(
            title=_("%(side)s de %(symbol)s")
            % {"side": str(idea.get_side_display()).capitalize(), "symbol": idea.stock.symbol},
            url=idea.get_absolute_url(),
            subtitle=name_of(idea.author),
            label=str(idea.get_status_display()),
            symbol=idea.stock.symbol,
            is_private=idea.club_id is not None,
        )
        for idea in rows.order_by("-created_at", "-pk")[:limit]
    ]


SECTIONS = [
    Section(
        name="ideas",
        title=gettext_lazy("Ideias"),
        order=25,
        icon="flag",
        find=find_ideas,
        min_length=MIN_LENGTH,
        more_url=list_url("ideias"),
        is_suggested=False,
    )
]
