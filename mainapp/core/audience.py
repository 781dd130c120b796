"""Audiences: the users who may see a thing that belongs to an object of another feature.

A row has the key of its audience, such as `user:7` or `message:12`. The feature that owns the kind
registers the rule, so that lower features need not know it:

    register_audience(Audience(kind="message", may_see=may_read, existing=existing_messages))
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from mainapp.core.paths import parse_key


def _none(_user: Any) -> Collection[int]:
    return ()


def _nobody(_user: Any, _pk: int) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A kind of audience. `may_see(user, pk)` returns whether a user is in one now.

    The user may be anonymous. `existing(pks)` returns those of the objects that still exist,
    and `of(user)` the objects in whose audience the user is, for kinds by which lists are filtered.
    `may_manage(user, pk)` returns whether a user may change what belongs to an audience, and
    `users(pk)` the ids of its users, for kinds whose things change on open pages.
    """

    kind: str
    may_see: Callable[[Any, int], bool]
    existing: Callable[[Collection[int]], Collection[int]]
    of: Callable[[Any], Collection[int]] = _none
    may_manage: Callable[[Any, int], bool] = _nobody
    users: Callable[[int], Collection[int]] = _none


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


def keys_of(user: Any) -> set[str]:
    """Return the keys of a user's audiences of the kinds by which lists are filtered.

    One query for each kind.
    """
    kinds = _audiences.items()
    return {key_of(kind, pk) for kind, audience in kinds for pk in audience.of(user)}


def existing(keys: Collection[str]) -> set[str]:
    """Return the keys whose objects exist; one query for each kind."""
    found: set[str] = set()
    for kind, audience in _audiences.items():
        pks = [int(key.partition(":")[2]) for key in keys if key.startswith(f"{kind}:")]
        if pks:
            found |= {key_of(kind, pk) for pk in audience.existing(pks)}
    return found
