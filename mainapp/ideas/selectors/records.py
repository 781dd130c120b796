"""Track records: of a person's public ideas, and of members' ideas in their club."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mainapp.accounts.models import User
from mainapp.clubs.models import Club
from mainapp.ideas.conditions import OPEN
from mainapp.ideas.models import IdeaQuerySet
from mainapp.ideas.selectors.listing import all_ideas
from mainapp.ideas.valuation import Decided, Record, record_from

COLUMNS = ("author", "status", "return_pct", "index_pct")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A member of a club with their record in it."""

    person: User
    record: Record


def record_of(person: User) -> Record:
    """Return a person's record: their public ideas, deleted ones included. One query."""
    rows = all_ideas().public().filter(author=person)
    return _records(rows).get(person.pk) or record_from(published=0, running=0, decided=())


def club_ranking(club: Club) -> list[Ranked]:
    """Return the members with published ideas in a club, the best mean return first. Two queries.

    Members with too few ideas for a mean come last, by their number.
    """
    records = _records(all_ideas().filter(club=club))
    members = User.objects.filter(pk__in=records, memberships__club=club)
    ranked = [Ranked(person=user, record=records[user.pk]) for user in members]
    return sorted(ranked, key=_rank)


def _rank(row: Ranked) -> tuple[bool, Any, int]:
    mean = row.record.mean_pct
    return (mean is None, -(mean or 0), -row.record.published)


def _records(rows: Any) -> dict[int, Record]:
    published: IdeaQuerySet = rows.published().exclude(author=None)
    groups: dict[int, list[tuple[str, Any, Any]]] = defaultdict(list)
    for author, *values in published.order_by().values_list(*COLUMNS):
        groups[author].append(tuple(values))
    return {author: _record(ideas) for author, ideas in groups.items()}


def _record(ideas: Iterable[tuple[str, Any, Any]]) -> Record:
    ideas = list(ideas)
    decided = [
        Decided(status=status, return_pct=own, index_pct=index)
        for status, own, index in ideas
        if status != OPEN
    ]
    running = sum(status == OPEN for status, *_rest in ideas)
    return record_from(published=len(ideas), running=running, decided=decided)
