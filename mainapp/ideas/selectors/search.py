"""Ideas in the site's search."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mainapp.accounts.selectors import name_of
from mainapp.core.search import Result, Section
from mainapp.ideas.selectors.listing import listed_ideas
from mainapp.market.symbols import fold

MIN_LENGTH = 2


def find_ideas(text: str, *, user: Any, limit: int) -> Sequence[Result]:
    """Return the newest ideas with all words. Two queries."""
    rows = listed_ideas(user)
    for word in fold(text).split()[:10]:
        rows = rows.filter(search_text__contains=word)
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


def _more_url(text: str) -> str:
    return f"{reverse('ideias')}?{urlencode({'q': text})}"


SECTIONS = [
    Section(
        name="ideas",
        title=gettext_lazy("Ideias"),
        order=25,
        icon="flag",
        find=find_ideas,
        min_length=MIN_LENGTH,
        more_url=_more_url,
        is_suggested=False,
    )
]
