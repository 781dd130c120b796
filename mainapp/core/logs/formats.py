"""Formatters of log records: lines for people, JSON objects for programs.

Imports no Django: the launcher logs before the settings are read.
"""

import json
import logging
import math
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from mainapp.core.contexts import current_context
from mainapp.core.logs.redaction import redaction

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# Line breaks of all kinds, and what a terminal would obey.
CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# Longer texts are cut: collectors discard records above a size limit, often 16 or 64 KiB.
MAX_TEXT = 8 * 1024
# Attributes that every record has or that repeat others. Django adds the request, whose view and
# user are in the context.
KNOWN = {
    *vars(logging.makeLogRecord({})),
    *("message", "asctime", "taskName", "request", "server_time", "color_message"),
}


class LineFormatter(logging.Formatter):
    """One line per record, with the request id at the end; a traceback follows in further lines."""

    def __init__(self, secrets: Iterable[str] = (), **_options: Any) -> None:
        super().__init__(LINE)
        self._redact = redaction(secrets)

    def formatMessage(self, record: logging.LogRecord) -> str:
        # A line break in a client's request must not make one record look like two.
        line = CONTROLS.sub(_escaped, super().formatMessage(record))
        context = current_context()
        return f"{line} [{context.request_id}]" if context else line

    def format(self, record: logging.LogRecord) -> str:
        record.message = message_of(record)
        record.asctime = self.formatTime(record)
        lines = [self.formatMessage(record), *_exception_of(self, record)]
        return _cut(self._redact("\n".join(lines)))


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, context, extras and exception."""

    def __init__(self, secrets: Iterable[str] = (), **_options: Any) -> None:
        super().__init__()
        self._redact = redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        context = current_context()
        # These values are our own: skip the redaction, which takes most of the time.
        fields: dict[str, Any] = {
            "time": iso_ms(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": self._safe(message_of(record)),
            **(context.fields() if context else {}),
        }
        for name, value in vars(record).items():
            if name not in KNOWN and name not in fields:
                fields[name] = self._safe(value)
        if exception := _exception_of(self, record):
            fields["exception"] = self._safe("\n".join(exception))
        return json_line(fields)

    def _safe(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        return _cut(self._redact(value if isinstance(value, str) else _shown(value)))


def _escaped(control: re.Match[str]) -> str:
    return repr(control[0])[1:-1]


def json_line(fields: dict[str, Any]) -> str:
    """Return an object as one line of JSON; U+2028, a line break for some readers, is escaped."""
    text = json.dumps(fields, ensure_ascii=False)
    return text.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def iso_ms(seconds: float) -> str:
    """Return a time in UTC with milliseconds, such as 2026-11-30T13:00:00.123Z."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def program_line(level: str, logger: str, message: str, secrets: Iterable[str] = ()) -> str:
    """Return the JSON line of a message printed without a logger, such as the launcher's."""
    redact = redaction(secrets)
    fields = {"time": iso_ms(time.time()), "level": level, "logger": logger}
    return json_line(fields | {"message": redact(message)})


def message_of(record: logging.LogRecord) -> str:
    """Return the formatted message; message and arguments unformatted if they do not match."""
    try:
        return record.getMessage()
    except Exception:
        # Boundary to the caller: otherwise logging would print its own traceback to stderr.
        return f"{_shown(record.msg)} {_shown(record.args)}"


def _exception_of(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    stack = formatter.formatStack(record.stack_info) if record.stack_info else ""
    return [text for text in (record.exc_text, stack) if text]


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # boundary to foreign code: any __repr__
        return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    """Shorten a text in the middle: the last line of a traceback names the error."""
    if len(text) <= MAX_TEXT:
        return text
    half = MAX_TEXT // 2
    return f"{text[:half]} … {text[-half:]}"
