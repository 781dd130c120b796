"""Vocabulary of the permission tables in each feature's `policies.py`, and their registry.

A feature declares the permissions of its pages and API operations by URL name, and those of its
sockets by frame type:

    PAGES = {"update-room": form(HOST | STAFF, of="room")}
    OPERATIONS = {"api-rooms": operation(Area.FORUM, get=EVERYONE, post=MEMBERS)}
    SOCKET = Socket(opens=EVERYONE, frames={"send": MEMBERS & ~MUTED}, of="room")

The tables are enforced: `enforce_page_policies` refuses anonymous users, users below an access
level and other methods before a view runs; `ApiView` and `BaseConsumer` do the same for operations
and frames. Conditions on a row (OWNER, HOST, MUTED) are checked by views, and the tests try every
kind of user on every line. `of` is the kind of object in the URL, one of those created by
`mainapp/pages/tests/world.py`. A deactivated user, or one whose session expired, is ANONYMOUS.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, Flag, StrEnum, auto
from functools import cache, reduce
from importlib import import_module
from importlib.util import find_spec
from operator import or_
from types import ModuleType
from typing import Any

from django.apps import apps


class Who(Flag):
    """Kinds of users in relation to the object of a URL."""

    ANONYMOUS = auto()
    OWNER = auto()  # of the list, alert, row or message
    HOST = auto()  # of the room or of the message's room
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
    """Ways in which a page refuses a user."""

    LOGIN = "a redirect to the log-in page"
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    MISSING = 404  # exactly as for an object that does not exist
    IN_FORM = 422  # the page again, with the reason


LOGIN, UNAUTHORIZED, FORBIDDEN = Refusal.LOGIN, Refusal.UNAUTHORIZED, Refusal.FORBIDDEN
IN_FORM = Refusal.IN_FORM


def people_of(methods: Mapping[str, Who]) -> Who:
    """Return the users who may use at least one of the methods."""
    return reduce(or_, methods.values(), Who(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Permissions of one URL by method; other methods get 405."""

    methods: Mapping[str, Who]
    of: str = ""
    stranger: Refusal = Refusal.LOGIN
    member: Refusal = Refusal.MISSING
    login_next: str = ""  # the URL to open after the log-in, unless it is the page itself
    takes_foreign_posts: bool = False  # without a CSRF token

    @property
    def people(self) -> Who:
        return people_of(self.methods)


def page(who: Who, **options: Any) -> Page:
    """Return the policy of a read-only page."""
    return Page(methods={"GET": who, "HEAD": who}, **options)


def form(who: Who, *, post: Who | None = None, **options: Any) -> Page:
    """Return the policy of a page with a form; `post` are the users who may send it, if fewer."""
    methods = {"GET": who, "HEAD": who, "POST": who if post is None else post}
    return Page(methods=methods, **options)


def action(who: Who, **options: Any) -> Page:
    """Return the policy of a URL that accepts POST only."""
    return Page(methods={"POST": who}, **options)


class Area(StrEnum):
    """The subject of an operation, which determines the scope that an API key needs for it.

    Every GET needs READ, and a mutation the scope of its area. Keys are refused for mutations in an
    area without a scope, and for all operations of LOG_IN.
    """

    MARKET = "market"
    ALERTS = "alerts"
    CARTEIRA = "carteira"
    FORUM = "forum"
    CLUBS = "clubs"
    IDEAS = "ideas"
    AGENDA = "agenda"
    NOTIFICATIONS = "notifications"
    REPORTS = "reports"
    ACCOUNT = "account"
    LOG_IN = "log-in"


READ = "read"
SCOPES = (
    READ,
    *(f"{area}:write" for area in Area if area not in (Area.MARKET, Area.ACCOUNT, Area.LOG_IN)),
)


class Operation(dict[str, Who]):
    """Permissions of an operation by lower-case method; other methods get 405."""

    def __init__(self, area: Area, methods: Mapping[str, Who]) -> None:
        super().__init__(methods)
        self.area = area

    def scope_of(self, method: str) -> str | None:
        """Return the scope that an API key needs; None if no key may use the method."""
        if self.area is Area.LOG_IN:
            return None
        scope = READ if method.lower() in ("get", "head", "options") else f"{self.area}:write"
        return scope if scope in SCOPES else None


def operation(area: Area, **methods: Who) -> Operation:
    return Operation(area, methods)


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """Permissions of one socket: to open it, and to send each frame.

    For users who may not open it, the socket is accepted and closed with 4401. The reply to a
    refused frame is an error: `login_required`, `muted` or `forbidden`. A `refusal` is the close
    code for all who may not open it, anonymous or not.
    """

    opens: Who
    frames: Mapping[str, Who]
    of: str = ""
    refusal: int | None = None


# Pages of third-party packages, by the prefix of their path; only access as a whole is checked.
PREFIXES: dict[str, Who] = {"admin/": ADMIN}


@cache
def page_policies() -> Mapping[str, Page]:
    """Return the pages of all features by URL name."""
    return _merged("PAGES")


@cache
def operation_policies() -> Mapping[str, Operation]:
    """Return the API operations of all features, by URL name and lower-case method."""
    return _merged("OPERATIONS")


def load_policies() -> None:
    """Import the policies of all features, which also register the kinds of quotas."""
    list(_modules())


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
