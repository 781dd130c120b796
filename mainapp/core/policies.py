"""Who may do what: the vocabulary of the features' `policies.py`, and the registry of their tables.

A feature declares its pages by the names of their URLs, its API operations likewise, and its
sockets beside their consumers' frames:

    PAGES = {"update-room": form(HOST | STAFF, of="room")}
    OPERATIONS = {"api-rooms": {"get": EVERYONE, "post": MEMBERS}}
    SOCKET = Socket(opens=EVERYONE, frames={"send": MEMBERS & ~MUTED}, of="room")

The tables are enforced, not only described: `enforce_page_policies` refuses anonymous users, people
below an access level and other methods before a view runs, `ApiView` and `BaseConsumer` do the same
for operations and frames. What depends on a row (OWNER, HOST, MUTED) is the view's to check, and
the tests try every kind of person on every line. `of` names the kind of object in the address, as
`mainapp/pages/tests/world.py` makes one. A deactivated user, or one with an expired session, counts
as ANONYMOUS.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, Flag, auto
from functools import cache, reduce
from importlib import import_module
from importlib.util import find_spec
from operator import or_
from types import ModuleType
from typing import Any

from django.apps import apps


class Who(Flag):
    """Kinds of people, as seen from the object of an address."""

    ANONYMOUS = auto()
    OWNER = auto()  # of the list, alert, row or message
    HOST = auto()  # of the room, or of the message's room
    MUTED = auto()  # in that room
    OTHER = auto()
    SUPPORT = auto()
    ADMIN = auto()


ANONYMOUS, OWNER, HOST, MUTED, OTHER = Who.ANONYMOUS, Who.OWNER, Who.HOST, Who.MUTED, Who.OTHER
ADMIN = Who.ADMIN
STAFF = Who.SUPPORT | Who.ADMIN
MEMBERS = OWNER | HOST | MUTED | OTHER | STAFF
EVERYONE = ANONYMOUS | MEMBERS


class Refusal(Enum):
    """How a page refuses somebody."""

    LOGIN = "a redirect to the log-in page"
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    MISSING = 404  # exactly as for an object that does not exist
    IN_FORM = 422  # the page again, with the reason


LOGIN, UNAUTHORIZED, FORBIDDEN = Refusal.LOGIN, Refusal.UNAUTHORIZED, Refusal.FORBIDDEN
IN_FORM = Refusal.IN_FORM


def people_of(methods: Mapping[str, Who]) -> Who:
    """Return everybody who may use one of the methods."""
    return reduce(or_, methods.values(), Who(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One URL: who may use which method; all other methods are answered with 405."""

    methods: Mapping[str, Who]
    of: str = ""
    stranger: Refusal = Refusal.LOGIN
    member: Refusal = Refusal.MISSING
    login_next: str = ""  # the URL to open after the log-in, when it is not the page itself
    takes_foreign_posts: bool = False  # without a CSRF token

    @property
    def people(self) -> Who:
        return people_of(self.methods)


def page(who: Who, **options: Any) -> Page:
    """Return the policy of a page that is only read."""
    return Page(methods={"GET": who, "HEAD": who}, **options)


def form(who: Who, *, post: Who | None = None, **options: Any) -> Page:
    """Return the policy of a page with a form; `post`: who may send it, if fewer than see it."""
    methods = {"GET": who, "HEAD": who, "POST": who if post is None else post}
    return Page(methods=methods, **options)


def action(who: Who, **options: Any) -> Page:
    """Return the policy of an address that is only posted to."""
    return Page(methods={"POST": who}, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One socket: who may open it, and who may send which frame.

    Somebody who may not open it is accepted and closed with 4401. A refused frame is answered with
    an error: `login_required`, `muted` or `forbidden`.
    """

    opens: Who
    frames: Mapping[str, Who]
    of: str = ""


# Pages that packages bring, by the beginning of their path: only who may enter at all.
PREFIXES: dict[str, Who] = {"admin/": ADMIN}


@cache
def page_policies() -> Mapping[str, Page]:
    """Return the pages of all features, by the names of their URLs."""
    return _merged("PAGES")


@cache
def operation_policies() -> Mapping[str, Mapping[str, Who]]:
    """Return the API operations of all features, by URL name and method in lower case."""
    return _merged("OPERATIONS")


def _merged(table: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for module in _modules():
        lines = getattr(module, table, {})
        if repeated := merged.keys() & lines.keys():
            raise ValueError(f"{module.__name__} declares {sorted(repeated)} a second time")
        merged |= lines
    return merged


def _modules() -> Iterator[ModuleType]:
    for app in apps.get_app_configs():
        is_feature = app.name.startswith("mainapp.") and app.name != "mainapp.core"
        if is_feature and find_spec(f"{app.name}.policies"):
            yield import_module(f"{app.name}.policies")
