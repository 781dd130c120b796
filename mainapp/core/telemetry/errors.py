"""Sentry: imported only if SENTRY_DSN is set."""

import logging
from collections import Counter
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import HttpTransport

from mainapp.core.contexts import current_context
from mainapp.core.logs.redaction import Redact

dropped: Counter[str] = Counter()
sent = 0


class CountingTransport(HttpTransport):  # type: ignore[misc] # the package may not be installed
    """Sentry's transport, with a bounded queue and a thread; counts the events it loses."""

    def record_lost_event(self, reason: str, *args: Any, quantity: int = 1, **more: Any) -> None:
        dropped[reason] += quantity
        super().record_lost_event(reason, *args, quantity=quantity, **more)

    def _handle_response(self, response: Any, envelope: Any) -> None:
        global sent
        sent += 200 <= response.status < 300
        super()._handle_response(response, envelope)


def start(dsn: str, role: str, redact: Redact) -> None:
    """Report log records of level ERROR and above, with their tracebacks.

    Variables, bodies, addresses and users are not sent; all other texts are redacted as in logs.
    """

    def before_send(event: Any, _hint: Any) -> Any:
        context = current_context()
        fields = context.fields() if context else {}
        tags = {name: str(value) for name, value in fields.items() if name != "user_id"}
        for name in ("user", "request", "breadcrumbs", "extra", "modules"):
            event.pop(name, None)
        return redacted(event, redact) | {"tags": {**tags, "role": role}}

    sentry_sdk.init(
        dsn=dsn,
        transport=CountingTransport,
        before_send=before_send,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        server_name="",
        shutdown_timeout=1,
    )


def redacted(value: Any, redact: Redact) -> Any:
    """Return a copy of an event's parts in which all texts are redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redacted(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, redact) for item in value]
    return value
