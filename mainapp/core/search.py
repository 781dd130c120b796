"""The site's search: sections of results, each registered by the feature that finds them.

    register_search(Section(name="rooms", title=_("Salas"), order=20, icon="messages",
                            find=find_rooms, min_length=2))

`AppConfig.ready` registers a feature's sections. The page and the suggestions of the search box
show what is registered, and know no feature.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise

from mainapp.core.policies import ANONYMOUS, EVERYONE, MEMBERS, Who

MAX_TEXT_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result, with the mark of `symbol`, the face of `person` or `club`, or the section's icon.

    One that `is_quoted` is shown with the price of `symbol`. Browsers do not remember one that
    `is_private`.
    """

    title: str
    url: str
    subtitle: str = ""
    label: str = ""  # a word at the end, such as the kind of a stock
    symbol: str = ""
    is_quoted: bool = False
    person: Any = None
    club: Any = None
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group of results, which one feature finds.

    `find(text, user=…, limit=…)` returns at most `limit` results, the best first, and only those
    that the user may see. It makes a fixed number of queries. It does not touch `user`, which is
    loaded on first use, if all results are public. `text` has at least `min_length` characters.
    `notes(text)` returns sentences about the text itself, `more_url(text)` the address of the
    feature's own list of results. `who` is EVERYONE or MEMBERS. A section without `is_suggested` is
    searched only for the page of results.
    """

    name: str
    title: str | Promise
    order: int
    icon: str
    find: Callable[..., Sequence[Result]]
    min_length: int = 1
    notes: Callable[[str], Sequence[str]] | None = None
    more_url: Callable[[str], str] | None = None
    who: Who = EVERYONE
    is_suggested: bool = True

    def __post_init__(self) -> None:
        if self.who not in (EVERYONE, MEMBERS):
            raise ValueError(f"{self.name} is for EVERYONE or MEMBERS only")


@dataclass(frozen=True, slots=True)
class SectionResults:
    """The results of one section; `more_url` is set if its own list has more of them."""

    section: Section
    results: Sequence[Result]
    notes: Sequence[str]
    more_url: str


def list_url(name: str, *arguments: str) -> Callable[[str], str]:
    """Return the `more_url` of a section whose list is the page `name`, which searches for `q`."""
    return lambda text: f"{reverse(name, args=arguments)}?{urlencode({'q': text})}"


_sections: dict[str, Section] = {}


def register_search(section: Section) -> None:
    """Add a section to the search; one of the same name is replaced. Safe to repeat."""
    _sections[section.name] = section


def search(
    text: str, *, user: Any, limit: int, is_suggestion: bool = False
) -> list[SectionResults]:
    """Return the sections that found something, in their order, each with at most `limit` results.

    Only the first MAX_TEXT_LENGTH characters count. One `find` per section that the user may see.
    """
    text = clean_text(text)
    sections = sorted(_sections.values(), key=lambda section: section.order)
    groups = [
        _search_section(section, text, user=user, limit=limit)
        for section in sections
        if len(text) >= max(1, section.min_length)
        and (section.is_suggested or not is_suggestion)
        and _may_see(section, user)
    ]
    return [group for group in groups if group.results or group.notes]


def clean_text(text: str) -> str:
    return text.strip()[:MAX_TEXT_LENGTH].strip()


def _may_see(section: Section, user: Any) -> bool:
    # A section for everyone must not load the session and the user for each key press.
    if section.who == EVERYONE:
        return True
    return bool(section.who & (MEMBERS if user.is_authenticated else ANONYMOUS))


def _search_section(section: Section, text: str, *, user: Any, limit: int) -> SectionResults:
    results = section.find(text, user=user, limit=limit + 1)
    has_more = len(results) > limit and section.more_url is not None
    return SectionResults(
        section,
        results[:limit],
        section.notes(text) if section.notes else (),
        section.more_url(text) if has_more and section.more_url else "",
    )
