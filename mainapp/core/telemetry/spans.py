"""OpenTelemetry: imported only if OTEL_EXPORTER_OTLP_ENDPOINT is set."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mainapp.core.contexts import Context
from mainapp.core.telemetry.sending import BoundedSender
from mainapp.core.telemetry.tracing import TRACE_HEADER

KINDS = {"server": SpanKind.SERVER, "consumer": SpanKind.CONSUMER}
SERVER_ERROR = 500

Finish = Callable[[Mapping[str, Any]], None]


class BoundedSpans(SpanProcessor):  # type: ignore[misc] # the package may not be installed
    """Passes finished spans to a BoundedSender."""

    def __init__(self, sender: BoundedSender) -> None:
        self._sender = sender

    def on_end(self, span: Any) -> None:
        if span.context.trace_flags.sampled:
            self._sender.put(span)

    def force_flush(self, timeout_millis: int = 1000) -> bool:
        self._sender.flush(timeout_millis / 1000)
        return True


class OpenTelemetryTracer:
    """Creates spans with the names of views and tasks; no addresses, texts or users."""

    def __init__(self, role: str) -> None:
        names = {SERVICE_NAME: settings.OTEL_SERVICE_NAME or f"pregao-{role}"}
        exporter = OTLPSpanExporter()
        self.sender = BoundedSender(
            lambda spans: exporter.export(spans) is SpanExportResult.SUCCESS
        )
        provider = TracerProvider(resource=Resource.create(names), shutdown_on_exit=False)
        provider.add_span_processor(BoundedSpans(self.sender))
        self._tracer = provider.get_tracer("pregao")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, context: Context, *, name: str, kind: str, parent: str) -> Iterator[Finish]:
        with self._tracer.start_as_current_span(
            name,
            context=self._propagator.extract({TRACE_HEADER: parent}) if parent else None,
            kind=KINDS[kind],
            attributes={"pregao.request_id": context.request_id, "pregao.way": context.way},
            record_exception=False,  # its text may contain anything
            set_status_on_exception=False,  # the same
        ) as span:
            yield lambda attributes: _finish(span, context, attributes)

    def current_parent(self) -> str:
        headers: dict[str, str] = {}
        self._propagator.inject(headers)
        return headers.get(TRACE_HEADER, "")


def _finish(span: Any, context: Context, attributes: Mapping[str, Any]) -> None:
    if view := context.fields().get("view"):
        span.update_name(f"{attributes.get('http.request.method', '')} {view}".strip())
    span.set_attributes(dict(attributes))
    is_failed_task = attributes.get("celery.state") == "FAILURE"
    if is_failed_task or attributes.get("http.response.status_code", 0) >= SERVER_ERROR:
        span.set_status(Status(StatusCode.ERROR))
