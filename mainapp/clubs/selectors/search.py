"""Clubs in the site's search."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from mainapp.clubs.models import Club
from mainapp.core.policies import MEMBERS
from mainapp.core.search import Result, Section
from mainapp.market.selectors.folded import has_words
from mainapp.market.symbols import fold


def find_clubs(text: str, *, user: Any, limit: int) -> list[Result]:
    """Return the user's clubs whose names contain every word; one query."""
    words = fold(text).split()
    if not words:
        return []
    clubs = Club.objects.visible_to(user).filter(has_words("name", words))
    return [
        Result(title=club.name, url=club.get_absolute_url(), club=club, is_private=True)
        for club in clubs[:limit]
    ]


SECTION = Section(
    name="clubs",
    title=_("Clubes"),
    order=25,
    icon="users",
    who=MEMBERS,
    min_length=2,
    find=find_clubs,
)
