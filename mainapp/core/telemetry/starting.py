"""Starts telemetry in each process whose settings name a collector."""

from typing import Any

from django.conf import settings
from django.dispatch import receiver

from mainapp.core import processes
from mainapp.core.logs.redaction import redaction
from mainapp.core.telemetry.tracing import use_tracer


@receiver(processes.process_started, dispatch_uid="core.start_telemetry")
def start_telemetry(role: str, **_signal: Any) -> None:
    """Import and start the configured exporters, after any fork; otherwise import nothing."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _start_traces(role)
    if settings.SENTRY_DSN:
        _start_errors(role)
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT or settings.SENTRY_DSN:
        processes.counters["telemetry_dropped"] = lambda: dict(_dropped())
        processes.counters["telemetry_sent"] = lambda: dict(_sent())


_counts: dict[str, Any] = {}


def _start_traces(role: str) -> None:
    from mainapp.core.telemetry.spans import OpenTelemetryTracer  # noqa: PLC0415 - only if set

    tracer = OpenTelemetryTracer(role)
    _counts["otlp"] = tracer.sender
    processes.process_stopping.connect(lambda **_: tracer.sender.flush(), weak=False)
    use_tracer(tracer)


def _start_errors(role: str) -> None:
    from mainapp.core.telemetry import errors  # noqa: PLC0415 - only if set

    _counts["sentry"] = errors
    errors.start(settings.SENTRY_DSN, role, redaction(settings.SECRETS))


def _dropped() -> Any:
    for exporter, counts in _counts.items():
        for reason, number in counts.dropped.copy().items():
            yield (exporter, reason), float(number)


def _sent() -> Any:
    for exporter, counts in _counts.items():
        yield (exporter,), float(counts.sent)
