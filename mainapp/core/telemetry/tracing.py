"""Spans of requests and tasks, linked through headers; without a collector they do nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from mainapp.core.contexts import Context

TRACE_HEADER = "traceparent"


class Tracer(Protocol):
    """Creates spans: see `spans.OpenTelemetryTracer`."""

    def span(self, context: Context, *, name: str, kind: str, parent: str) -> Any: ...

    def current_parent(self) -> str: ...


_tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    global _tracer
    _tracer = tracer


@contextmanager
def traced(
    context: Context, *, name: str, kind: str, headers: Mapping[str, Any]
) -> Iterator["dict[str, Any]"]:
    """Record a span around a block; the block can add attributes to the yielded dict.

    `headers` may contain the `traceparent` of the request or task that caused it.
    """
    attributes: dict[str, Any] = {}
    if _tracer is None:
        yield attributes
        return
    parent = headers.get(TRACE_HEADER)
    parent = parent if isinstance(parent, str) else ""
    with _tracer.span(context, name=name, kind=kind, parent=parent) as finish:
        try:
            yield attributes
        finally:
            finish(attributes)


def current_parent() -> str:
    """Return the `traceparent` for a task that is sent now, empty without a span."""
    return _tracer.current_parent() if _tracer else ""
