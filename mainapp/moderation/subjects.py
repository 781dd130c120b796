"""The things that people may complain about, each registered by the feature that owns them.

    register_subject(Subject(kind="message", find=find_message, remove=remove_message, ...))

So the queue of complaints need not know any feature.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A thing as its reporter sees it, with a copy for the moderators.

    `kind` and `pk` identify what would be removed: a file's message, for example. `scope`, such as
    `room:12`, is the place whose moderators decide as well; it is empty for a private place, of
    which staff see only the copy. Each line of the copy has `text`, and may have `author` (a
    user's id), `at`, `seq`, `file`, `name` and `is_reported`.
    """

    kind: str
    pk: int
    person_id: int | None
    lines: Sequence[Line]
    url: str = ""
    scope: str = ""
    place: str = ""
    is_private: bool = False


def _keep_nothing(_pk: int, _audience: str, _at: datetime) -> None:
    """Copy no files."""


def _nobody(_user: Any, _scope: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A kind of thing.

    `find(pk, reader)` returns the evidence if the reader may complain about the thing, or None.
    `remove(pk, actor, at)` removes it in the caller's transaction, and is safe to repeat.
    `keep_files(pk, audience, at)` copies a file for an audience and returns the copy's id.
    `moderates(user, scope)` returns whether a user moderates a place.
    """

    kind: str
    find: Callable[[int, Any], Evidence | None]
    remove: Callable[[int, Any, datetime], None]
    keep_files: Callable[[int, str, datetime], Any] = _keep_nothing
    moderates: Callable[[Any, str], bool] = _nobody


_subjects: dict[str, Subject] = {}


def register_subject(subject: Subject) -> None:
    """Let people complain about a kind of thing. Safe to repeat."""
    _subjects[subject.kind] = subject


def subject_of(kind: str) -> Subject | None:
    return _subjects.get(kind)


def moderates(user: Any, scope: str) -> bool:
    """Return whether a user moderates a place; nobody moderates an empty one."""
    return bool(scope) and any(subject.moderates(user, scope) for subject in _subjects.values())
