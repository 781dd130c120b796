"""Findings of checks, and a runner that ends in time and whose lines contain no secret."""

import queue
import re
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.db import connections
from django.utils import translation

TOTAL_S = 12.0
SECRET_NAME = re.compile(r"_(KEY|PASSWORD|TOKEN|DSN)$")
LEAST_SECRET = 4  # shorter values would also replace parts of ordinary words


class Finding(NamedTuple):
    """`text` is the state of a healthy part, and else what is wrong and what to do."""

    is_ok: bool
    text: str


class Line(NamedTuple):
    check: str
    is_ok: bool
    text: str


class Check(NamedTuple):
    """A check that has to end within `limit_s`."""

    run: Callable[[], Iterable[Finding]]
    limit_s: float = 5.0


def ok(text: str) -> Finding:
    return Finding(True, text)


def fault(text: str) -> Finding:
    return Finding(False, text)


def run_checks(checks: Mapping[str, Check]) -> list[Line]:
    """Run all checks at once; one that fails or hangs becomes a fault, not an error.

    The threads are daemons: one that hangs does not keep the process from ending.
    """
    started = time.monotonic()
    results = {name: _start(check) for name, check in checks.items()}
    lines = []
    for name, result in results.items():
        limit_s = min(checks[name].limit_s, TOTAL_S)
        try:
            findings = result.get(timeout=max(0.0, started + limit_s - time.monotonic()))
        except queue.Empty:
            findings = [fault(f"no answer within {limit_s:g} s")]
        lines += [Line(name, each.is_ok, redacted(each.text)) for each in findings]
    return lines


def _start(check: Check) -> "queue.SimpleQueue[list[Finding]]":
    result: queue.SimpleQueue[list[Finding]] = queue.SimpleQueue()

    def run() -> None:
        try:
            with translation.override("en"):  # the errors of transports have translations
                findings = list(check.run())
        except (Exception, SystemExit) as error:
            findings = [fault(f"{type(error).__name__}: {error}")]
        finally:
            connections.close_all()
        result.put(findings)

    Thread(target=run, daemon=True).start()
    return result


def redacted(text: str) -> str:
    """Return the text in one line without controls, with the values of secrets replaced."""
    line = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
    for secret in sorted(_secrets(), key=len, reverse=True):
        line = line.replace(secret, "***")
    return line


def _secrets() -> set[str]:
    """Return the values of secrets; those of the addresses also as they are written there."""
    quoted = {urlsplit(settings.REDIS_URL).password or ""}
    quoted |= {value for _name, value in parse_qsl(urlsplit(settings.REDIS_URL).query)}
    values = {
        *quoted,
        *map(unquote, quoted),
        *settings.SECRETS,
        *settings.SECRET_KEY_FALLBACKS,
        str(settings.DATABASES["default"].get("PASSWORD") or ""),
        *(getattr(settings, name, "") for name in dir(settings) if SECRET_NAME.search(name)),
    }
    return {value for value in values if isinstance(value, str) and len(value) >= LEAST_SECRET}
