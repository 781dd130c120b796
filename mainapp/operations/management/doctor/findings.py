"""Findings of checks, and a runner that always ends in time and shows no secrets."""

import queue
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import NamedTuple

from django.conf import settings
from django.db import connections
from django.utils import translation

from mainapp.core.logs.redaction import redaction

TOTAL_S = 12.0


class Finding(NamedTuple):
    """`text` is the state of a healthy part, or what is wrong and what to do."""

    is_ok: bool
    text: str


class Line(NamedTuple):
    check: str
    is_ok: bool
    text: str


class Check(NamedTuple):
    """A check with a time limit of `limit_s`."""

    run: Callable[[], Iterable[Finding]]
    limit_s: float = 5.0


def ok(text: str) -> Finding:
    return Finding(True, text)


def fault(text: str) -> Finding:
    return Finding(False, text)


def run_checks(checks: Mapping[str, Check]) -> list[Line]:
    """Run all checks in parallel; one that fails or hangs becomes a fault, not an error.

    The threads are daemons, so a hanging check does not keep the process alive.
    """
    started, redact = time.monotonic(), redaction(settings.SECRETS)
    results = {name: _start(check) for name, check in checks.items()}
    lines = []
    for name, result in results.items():
        limit_s = min(checks[name].limit_s, TOTAL_S)
        try:
            findings = result.get(timeout=max(0.0, started + limit_s - time.monotonic()))
        except queue.Empty:
            findings = [fault(f"no answer within {limit_s:g} s")]
        lines += [Line(name, each.is_ok, redact(printable(each.text))) for each in findings]
    return lines


def printable(text: str) -> str:
    """Return a text, perhaps of another server, in one line that no terminal obeys."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


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
