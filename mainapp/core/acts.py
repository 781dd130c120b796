"""The current user and way (page, API, task, …) of changes, which the audit records.

A change outside of `acting` counts as a command's.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from celery.signals import task_postrun, task_prerun
from django.http import HttpRequest, HttpResponseBase

PAGE, API, SOCKET, ADMIN, COMMAND, TASK = "page", "api", "socket", "admin", "command", "task"
PREFIXES = {"/api/": API, "/admin/": ADMIN}


class Act(NamedTuple):
    """A way, and a function that returns the id of the acting user, called only when needed."""

    way: str
    actor_id: Callable[[], int | None]


_act: ContextVar[Act | None] = ContextVar("act", default=None)
_task_acts: dict[str, ExitStack] = {}


def current_act() -> tuple[str, int | None]:
    """Return the way, and the id of the acting user, None without one."""
    act = _act.get()
    return (act.way, act.actor_id()) if act else (COMMAND, None)


@contextmanager
def acting(way: str, actor_id: Callable[[], int | None] = lambda: None) -> Iterator[None]:
    token = _act.set(Act(way, actor_id))
    try:
        yield
    finally:
        _act.reset(token)


def record_actors(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Attribute the changes of requests to their users; REST framework sets those of tokens."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        way = next((way for prefix, way in PREFIXES.items() if path.startswith(prefix)), PAGE)
        with acting(way, lambda: request.user.pk):
            return get_response(request)

    return middleware


@task_prerun.connect
def _begin_task(task_id: str, **_signal: Any) -> None:
    stack = _task_acts[task_id] = ExitStack()
    stack.enter_context(acting(TASK))


@task_postrun.connect
def _end_task(task_id: str, **_signal: Any) -> None:
    if stack := _task_acts.pop(task_id, None):
        stack.close()
