"""Queries of presence: the users who show it, and the people whom a user sees."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from mainapp.accounts.fanout.circles import (
    MAX_NAMED,
    Circle,
    View,
    VisiblePerson,
    kinds_of_circles,
)
from mainapp.accounts.fanout.online import last_seen, online_users
from mainapp.accounts.models import Block, Preferences, User
from mainapp.accounts.selectors import Blocks, avatar_url, blocks_of, preferences_of


class Seen(NamedTuple):
    """A person's presence: online now, or the time when they last were."""

    is_online: bool
    at: datetime


def hidden_users(ids: Collection[int]) -> set[int]:
    """Return the users among `ids` who hide their presence; one query."""
    hidden = Preferences.objects.filter(user__in=ids, hides_presence=True)
    return set(hidden.values_list("user_id", flat=True))


def contact_of(user: User) -> tuple[Blocks, bool]:
    """Return a user's blocks, and whether they hide their presence; two queries at most."""
    return blocks_of([user.pk])[user.pk], preferences_of(user).hides_presence


def visible_people(ids: Collection[int]) -> Mapping[int, VisiblePerson]:
    """Return the active users who do not hide, with their circles.

    One query, and one for each kind of circles.
    """
    circles: dict[int, set[Circle]] = {}
    for kind in kinds_of_circles():
        for user, circle in kind.of(ids):
            circles.setdefault(user, set()).add((kind.name, circle))
    return {user.pk: _person(user, circles.get(user.pk, ())) for user in _showing(ids)}


def views_of(users: Collection[int], at: datetime) -> Mapping[int, View]:
    """Return the view of each user; one query, and one for each kind of circles."""
    blocks = blocks_of(users)
    circles: dict[tuple[int, bool], set[Circle]] = {}
    for kind in kinds_of_circles():
        for user, circle in kind.seen_by(users, at):
            circles.setdefault((user, kind.is_private), set()).add((kind.name, circle))
    return {
        user: View(
            user_id=user,
            private=frozenset(circles.get((user, True), ())),
            open=frozenset(circles.get((user, False), ())),
            blocked_by=blocks[user].of,
        )
        for user in users
    }


def people_online(user: User) -> tuple[list[VisiblePerson], int]:
    """Return the people whom a user sees online, ordered by name, and the number of all.

    Three queries. Raises: redis.RedisError.
    """
    online = online_users()
    named = _visible_to(user, online).order_by("username")[:MAX_NAMED]
    people = [_person(other) for other in named]
    return people, _showing(online).exclude(pk__in=_blockers_of(user)).count()


def people_seen(user: User, ids: Collection[int]) -> dict[int, Seen]:
    """Return when the people of `ids` whom a user may see were last online, if it is known.

    One query. Raises: redis.RedisError.
    """
    visible = set(_visible_to(user, ids).values_list("pk", flat=True))
    online = visible & online_users() if visible else visible
    now = datetime.now(UTC)
    offline = last_seen(list(visible - online))
    return {pk: Seen(is_online=False, at=at) for pk, at in offline.items()} | dict.fromkeys(
        online, Seen(is_online=True, at=now)
    )


def _showing(ids: Collection[int]) -> QuerySet[User]:
    """Return the active users among `ids` who do not hide."""
    users = User.objects.filter(pk__in=ids, is_active=True)
    return users.exclude(preferences__hides_presence=True)


def _visible_to(user: User, ids: Collection[int]) -> QuerySet[User]:
    """Return the people among `ids` whom a user may see online: those of the user's circles."""
    at = timezone.now()
    seen = reduce(or_, (Q(pk__in=kind.people(user.pk, at)) for kind in kinds_of_circles()), Q())
    people = _showing(ids).filter(seen).exclude(pk=user.pk)
    return people.exclude(pk__in=_blockers_of(user))


def _blockers_of(user: User) -> QuerySet[Block, int]:
    return Block.objects.filter(blocked=user).order_by().values_list("blocker_id", flat=True)


def _person(user: User, circles: Collection[Circle] = ()) -> VisiblePerson:
    avatar = avatar_url(user, 48)
    return VisiblePerson(id=user.pk, name=user.name, avatar=avatar, circles=frozenset(circles))
