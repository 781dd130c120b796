"""Audiences: the users who may see a thing that belongs to an object of another feature.

A row has the key of its audience, such as `user:7` or `message:12`. The feature that owns the kind
registers the rule, so that lower features need not know it:

    register_audience(Audience(kind="message", may_see=may_read, existing=existing_messages))
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from mainapp.core.paths import parse_key


def _none(_user: Any) -> Collection[int]:
    return ()


def _nobody(_user: Any, _pk: int) -> bool:
    return False


def _unnamed(_pk: int) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A kind of audience. `may_see(user, pk)` returns whether a user belongs to one now.

    The user may be anonymous. `existing(pks)` returns the objects that still exist, and
    `keys(user)` a query of the keys of a user's audiences, for kinds by which lists are filtered.

    `may_manage(user, pk)` returns whether a user may change what belongs to an audience, and
    `users(pk)` the ids of its users, for kinds whose objects change on open pages. `name(pk)` is
    the name shown to its users.
    """

    kind: str
    may_see: Callable[[Any, int], bool]
    existing: Callable[[Collection[int]], Collection[int]]
    may_manage: Callable[[Any, int], bool] = _nobody
    users: Callable[[int], Collection[int]] = _none
    keys: Callable[[Any], Any] = _none
    name: Callable[[int], str] = _unnamed


_audiences: dict[str, Audience] = {}


def register_audience(audience: Audience) -> None:
    """Add a kind of audience; one of the same kind is replaced. Safe to repeat."""
    _audiences[audience.kind] = audience


def key_of(kind: str, pk: int) -> str:
    return f"{kind}:{pk}"


def may_see(user: Any, key: str) -> bool:
    """Return whether a user is in an audience; nobody is in an unknown one."""
    kind, _colon, pk = key.partition(":")
    audience = _audiences.get(kind)
    return audience is not None and audience.may_see(user, int(pk))


def may_manage(user: Any, key: str) -> bool:
    """Return whether a user may change what belongs to an audience; nobody an unknown one's."""
    kind, _colon, text = key.partition(":")
    audience, pk = _audiences.get(kind), parse_key(text)
    return audience is not None and pk is not None and audience.may_manage(user, pk)


def users_in(key: str) -> Collection[int]:
    """Return the ids of an audience's users; none of an unknown one."""
    kind, _colon, pk = key.partition(":")
    audience = _audiences.get(kind)
    return audience.users(int(pk)) if audience else ()


def name_of(key: str) -> str:
    """Return the name of an audience's object; "" for an unknown one."""
    kind, _colon, pk = key.partition(":")
    audience = _audiences.get(kind)
    return audience.name(int(pk)) if audience else ""


def in_audiences(field: str, user: Any) -> Q:
    """Return the condition that a field has the key of an audience of a user; no query."""
    condition = Q(pk__in=[])
    for audience in _audiences.values():
        if audience.keys is not _none:
            condition |= Q(**{f"{field}__in": audience.keys(user)})
    return condition


def existing(keys: Collection[str]) -> set[str]:
    """Return the keys whose objects exist; one query for each kind."""
    found: set[str] = set()
    for kind, audience in _audiences.items():
        pks = [int(key.partition(":")[2]) for key in keys if key.startswith(f"{kind}:")]
        if pks:
            found |= {key_of(kind, pk) for pk in audience.existing(pks)}
    return found
