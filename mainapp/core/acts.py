"""The current user, way (page, API, task, …) and program of changes, which the audit records.

A change outside of `acting` counts as a command's. A task acts for the person whose request queued
it, if there is one: a header of its message has the id.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponseBase

from mainapp.core.logs.context import current_command

PAGE, API, SOCKET, ADMIN, COMMAND, TASK = "page", "api", "socket", "admin", "command", "task"
PERSON = "acting_for"  # a header of messages
PREFIXES = {"/api/": API, "/admin/": ADMIN}


def _nobody() -> None:
    return None


class Act(NamedTuple):
    """A way, a function that returns the id of the acting user, called only when needed, a program.

    The program is the name of a task or of a management command.
    """

    way: str
    actor_id: Callable[[], int | None] = _nobody
    program: str = ""

    @property
    def person_id(self) -> int | None:
        return self.actor_id()


_act: ContextVar[Act | None] = ContextVar("act", default=None)
_task_acts: dict[str, ExitStack] = {}


def current_act() -> Act:
    return _act.get() or Act(COMMAND, program=current_command())


@contextmanager
def acting(
    way: str, actor_id: Callable[[], int | None] = _nobody, program: str = ""
) -> Iterator[None]:
    token = _act.set(Act(way, actor_id, program))
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


@before_task_publish.connect
def _name_person(headers: dict[str, Any] | None = None, **_signal: Any) -> None:
    """Write into a task's message for whom it is queued."""
    act = _act.get()
    if headers is not None and act is not None and (person_id := act.person_id) is not None:
        headers[PERSON] = person_id


@task_prerun.connect
def _begin_task(task_id: str, task: Any = None, **_signal: Any) -> None:
    person_id = task.request.get(PERSON) if task else None
    stack = _task_acts[task_id] = ExitStack()
    stack.enter_context(acting(TASK, lambda: person_id, task.name if task else ""))


@task_postrun.connect
def _end_task(task_id: str, **_signal: Any) -> None:
    if stack := _task_acts.pop(task_id, None):
        stack.close()
