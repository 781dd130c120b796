"""Contexts of requests and tasks, with ids received from trusted proxies or newly made.

A task gets the id of the request that queued it, and the person for whom it was queued.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from mainapp.core.contexts import (
    ADMIN,
    API,
    PAGE,
    SOCKET,
    TASK,
    Context,
    current_context,
    handling,
    new_request_id,
    valid_request_id,
)
from mainapp.core.telemetry.tracing import TRACE_HEADER, current_parent, traced

# Set by the server's protocols if the connection comes from a proxy in TRUSTED_PROXIES. uvicorn
# replaces the proxy's address by the client's before the application sees it.
FROM_PROXY = "pregao.is_from_proxy"
HEADER, RAW_HEADER = "X-Request-ID", b"x-request-id"
# Headers of tasks.
TASK_HEADER, PERSON = "pregao_request_id", "acting_for"
PREFIXES = {"/api/": API, "/admin/": ADMIN}

access = logging.getLogger("mainapp.access")
_tasks: dict[str, tuple[ExitStack, dict[str, Any]]] = {}


class RequestIdMiddleware:
    """Give each HTTP request and each socket an id; responses have it as X-Request-ID.

    This is the outermost layer, because Django logs refused requests outside of its own middleware.
    Frames of a socket do not pass through here.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        context = Context(
            received_request_id(scope), SOCKET if is_socket else way_of_path(scope["path"])
        )
        with handling(context):
            if is_socket:
                await self.inner(scope, receive, send)
            else:
                await self._respond(scope, receive, send, context)

    async def _respond(self, scope: Any, receive: Any, send: Any, context: Context) -> None:
        started_at, status = perf_counter(), 0

        async def send_with_id(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (RAW_HEADER, context.request_id.encode())
                message = message | {"headers": [*message.get("headers", ()), header]}
            await send(message)

        method = scope["method"]
        with traced(context, name=method, kind="server", headers=trusted_trace(scope)) as span:
            try:
                await self.inner(scope, receive, send_with_id)
            finally:
                span |= {"http.request.method": method, "http.response.status_code": status}
        if settings.ACCESS_LOG:
            extra = {"duration_ms": _ms_since(started_at), "status": status}
            access.info("%s %s", scope["method"], scope["path"], extra=extra)


def received_request_id(scope: Any) -> str:
    """Return the id sent by a trusted proxy, or a new one."""
    if not scope.get(FROM_PROXY):
        return new_request_id()
    values = [value for name, value in scope["headers"] if name == RAW_HEADER]
    return valid_request_id(values[0].decode("latin-1") if len(values) == 1 else None)


def trusted_trace(scope: Any) -> dict[str, str]:
    """Return the header `traceparent` sent by a trusted proxy."""
    if not scope.get(FROM_PROXY):
        return {}
    headers = dict(scope["headers"])
    return {TRACE_HEADER: headers.get(TRACE_HEADER.encode(), b"").decode("latin-1")}


def way_of_path(path: str) -> str:
    return next((way for prefix, way in PREFIXES.items() if path.startswith(prefix)), PAGE)


def attach_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Make the request's view and user available to its log records and audit entries.

    REST framework sets a token's user later. Under WSGI there is no context yet.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        context = current_context()
        if context is None:
            context = Context(new_request_id(), way_of_path(request.path_info))
        context.request = request
        with handling(context):
            return get_response(request)

    return middleware


@before_task_publish.connect
def _add_context(headers: dict[str, Any] | None = None, **_signal: Any) -> None:
    context = current_context()
    if headers is None or context is None:
        return
    if context.request_id:
        headers[TASK_HEADER] = context.request_id
    if (person_id := context.actor_id()) is not None:
        headers[PERSON] = person_id
    if parent := current_parent():
        headers[TRACE_HEADER] = parent


@task_prerun.connect
def _begin_task(task_id: str, task: Any, **_signal: Any) -> None:
    """Bind the sender's id, or a new one for periodic tasks, which beat sends without an id."""
    stack = ExitStack()
    request_id = valid_request_id(task.request.get(TASK_HEADER))
    person_id = task.request.get(PERSON)
    context = Context(request_id, TASK, task.name, person_id=person_id)
    stack.enter_context(handling(context))
    headers = {TRACE_HEADER: task.request.get(TRACE_HEADER)}
    span = stack.enter_context(traced(context, name=task.name, kind="consumer", headers=headers))
    _tasks[task_id] = stack, span
    stack.callback(_log_task, task.name, perf_counter())


@task_postrun.connect
def _end_task(task_id: str, state: str | None = None, **_signal: Any) -> None:
    if running := _tasks.pop(task_id, None):
        stack, span = running
        span["celery.state"] = state or ""
        stack.close()


def _log_task(name: str, started_at: float) -> None:
    if settings.ACCESS_LOG:
        access.info("task %s", name, extra={"duration_ms": _ms_since(started_at)})


def _ms_since(started_at: float) -> float:
    return round((perf_counter() - started_at) * 1000, 1)
