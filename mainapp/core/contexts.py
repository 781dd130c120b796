"""The request, frame, task or command in progress, for the logs and the audit.

A task acts for the person whose request queued it, if there is one.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

PAGE, API, SOCKET, ADMIN, COMMAND, TASK = "page", "api", "socket", "admin", "command", "task"
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
# The log field that has the view, frame, task or command, by the way of the context.
PLACES = {SOCKET: "frame", TASK: "task", COMMAND: "command"}
SERVERS = ("runserver", "stream_quotes")


@dataclass(slots=True)
class Context:
    """A request id, the way (page, API, socket, …), and the view, frame, task or command.

    `request` is set by a Django middleware, `scope` by a socket, and `person_id` by a task that
    acts for a person and by `acting_for`. `request` and `scope` are read only when a log record or
    an audit entry is written, so a request that writes neither costs nothing.
    """

    request_id: str
    way: str
    place: str = ""
    request: Any = None
    scope: Any = None
    person_id: int | None = None

    @property
    def program(self) -> str:
        """The name of the task or command, empty for requests."""
        return self.place if self.way in (TASK, COMMAND) else ""

    def actor_id(self) -> int | None:
        """Return the id of the acting user. May cost one query, to load the request's user."""
        if self.person_id is not None:
            return self.person_id
        if self.scope is not None:
            return getattr(self.scope.get("user"), "pk", None)
        if self.request is not None:
            return getattr(getattr(self.request, "user", None), "pk", None)
        return None

    def fields(self) -> dict[str, Any]:
        """Return the context's fields of a log record. Never runs a query."""
        fields: dict[str, Any] = {"request_id": self.request_id, "way": self.way}
        if (user_id := self._user_id()) is not None:
            fields["user_id"] = user_id
        if place := self.place or self._view():
            fields[PLACES.get(self.way, "view")] = place
        return fields

    def _user_id(self) -> int | None:
        return known_user_id(self.request) if self.request is not None else self.actor_id()

    def _view(self) -> str:
        match = getattr(self.request, "resolver_match", None)
        return match.view_name if match else ""


_context: ContextVar[Context | None] = ContextVar("context", default=None)


def current_context() -> Context | None:
    return _context.get()


def current_request_id() -> str:
    """Return the id of the current request or task; empty outside of both."""
    context = _context.get()
    return context.request_id if context else ""


@contextmanager
def handling(context: Context) -> Iterator[Context]:
    """Make `context` the current one within the block."""
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


@contextmanager
def acting_for(person_id: int) -> Iterator[None]:
    """Attribute the block to a person, such as the one who is logging in with this request."""
    context = _context.get()
    if context is None:
        yield
        return
    with handling(replace(context, person_id=person_id)):
        yield


@contextmanager
def commanding(arguments: Sequence[str]) -> Iterator[None]:
    """Run a management command in a context of its own, unless it starts a server."""
    name = next(iter(arguments), "")
    if name in SERVERS:
        yield
        return
    with handling(Context(new_request_id(), COMMAND, name)):
        yield


def new_request_id() -> str:
    return uuid4().hex


def valid_request_id(value: Any) -> str:
    """Return a received id, or a new one if it is malformed."""
    return value if isinstance(value, str) and REQUEST_ID.fullmatch(value) else new_request_id()


def known_user_id(request: Any) -> int | None:
    """Return the id of a request's user, if the user is already loaded."""
    user = getattr(request, "_cached_user", None)  # set by AuthenticationMiddleware
    if user is None:
        # Set by REST framework or by a log-in. A lazy object would load the session.
        user = vars(request).get("user")
        user = None if hasattr(type(user), "_wrapped") else user
    return getattr(user, "pk", None)
