"""Settings of telemetry collectors, whose packages are optional."""

import re
from importlib.util import find_spec

from project.environment import Refusal, env

SENTRY_DSN = re.compile(r"https?://[^@/\s]+@[^/\s]+/(?:[^\s?#]*/)?\d+")


def read_sentry_dsn() -> str:
    """Return the DSN, empty if none is set. Raises: Refusal."""
    dsn = env.secret("SENTRY_DSN").strip()
    if dsn and not SENTRY_DSN.fullmatch(dsn):
        raise Refusal("SENTRY_DSN takes the DSN of a project, https://key@host/number")
    if dsn:
        _require("SENTRY_DSN", "sentry_sdk", "sentry-sdk")
    return dsn


def read_otlp_endpoint() -> str:
    """Return the collector's URL, empty if none is set. Raises: Refusal."""
    endpoint = env.url("OTEL_EXPORTER_OTLP_ENDPOINT")
    protocol = env.text("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    if endpoint and protocol != "http/protobuf":
        raise Refusal("OTEL_EXPORTER_OTLP_PROTOCOL takes http/protobuf only")
    if endpoint:
        package = "opentelemetry-exporter-otlp-proto-http"
        _require("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry.sdk", package)
        _require("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry.exporter.otlp.proto.http", package)
    return endpoint


def _require(variable: str, module: str, package: str) -> None:
    try:
        is_installed = find_spec(module) is not None
    except ModuleNotFoundError:
        is_installed = False
    if not is_installed:
        raise Refusal(f"{variable} needs the package {package}: run `make observe`, or remove it")
