"""Circles: groups of people who may see each other's presence, such as the people of a room.

Features register their kinds of circles, so that the accounts need not know the features:

    register_circles(Circles(name="private", is_private=True, of=members, seen_by=members))
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MAX_NAMED = 200
# Leaves room for people of private circles who come online when open circles have filled the list.
MAX_NAMED_OPEN = 150

Circle = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circles:
    """Circles of one kind.

    `of(users)` returns pairs of a user and a circle that they are in, and `seen_by(users, at)`
    pairs of a user and a circle whose people they see; one query each. `people(user, at)` returns
    the query for the ids of the people in the circles that one user sees.
    """

    name: str
    is_private: bool
    of: Callable[[Collection[int]], Iterable[tuple[int, int]]]
    seen_by: Callable[[Collection[int], datetime], Iterable[tuple[int, int]]]
    people: Callable[[int, datetime], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The circles whose people a user may see, except people who block the user."""

    user_id: int
    private: frozenset[Circle] = frozenset()
    open: frozenset[Circle] = frozenset()
    blocked_by: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class VisiblePerson:
    """An online user who does not hide their presence."""

    id: int
    name: str
    avatar: str | None
    circles: frozenset[Circle] = frozenset()


@dataclass(slots=True)
class Online:
    """The visible people who are online, also by circle."""

    people: dict[int, VisiblePerson] = field(default_factory=dict)
    by_circle: dict[Circle, set[int]] = field(default_factory=dict)

    def apply(
        self, left: Iterable[int], read: Mapping[int, VisiblePerson | None]
    ) -> frozenset[Circle]:
        """Remove and replace people; return the circles that have changed."""
        changed: set[Circle] = set()
        for pk in (*left, *read):
            if before := self.people.pop(pk, None):
                changed |= before.circles
                for circle in before.circles:
                    self.by_circle[circle].discard(pk)
                    if not self.by_circle[circle]:
                        del self.by_circle[circle]
        for pk, person in read.items():
            if person is not None:
                self.people[pk] = person
                changed |= person.circles
                for circle in person.circles:
                    self.by_circle.setdefault(circle, set()).add(pk)
        return frozenset(changed)

    def count_for(self, view: View) -> int:
        """Return the number of people online, without those who block the user."""
        return len(self.people) - sum(pk in self.people for pk in view.blocked_by)

    def named_for(self, view: View, before: Iterable[int] = ()) -> set[int]:
        """Return the people whom a user sees by name; those of `before`, if visible, come first."""
        seen = view.private | view.open
        named = {
            pk
            for pk in before
            if self._may_see(view, pk) and not seen.isdisjoint(self.people[pk].circles)
        }
        for circles, limit in ((view.private, MAX_NAMED), (view.open, MAX_NAMED_OPEN)):
            for circle in circles:
                if len(named) >= limit:
                    break
                for pk in self.by_circle.get(circle, ()):
                    if self._may_see(view, pk):
                        named.add(pk)
                        if len(named) >= limit:
                            break
        return named

    def _may_see(self, view: View, pk: int) -> bool:
        return pk in self.people and pk != view.user_id and pk not in view.blocked_by


_kinds: dict[str, Circles] = {}


def register_circles(circles: Circles) -> None:
    """Add a kind of circles. Safe to repeat."""
    _kinds[circles.name] = circles


def kinds_of_circles() -> list[Circles]:
    return list(_kinds.values())
