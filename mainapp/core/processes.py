"""This process's role (web, worker, beat, stream), and the measurements that features add to it."""

from collections.abc import Callable, Mapping

from django.dispatch import Signal

Labels = tuple[str, ...]
Read = Callable[[], Mapping[Labels, float]]

WEB, WORKER, BEAT, STREAM = "web", "worker", "beat", "stream"

# Sent with `role` when the process runs, after any fork: receivers may start threads.
process_started = Signal()
# Sent when the process has finished its work; receivers may take up to a second.
process_stopping = Signal()
# Read every few seconds, in another thread, until the process ends. A counter never falls.
counters: dict[str, Read] = {}
gauges: dict[str, Read] = {}

_role = WEB


def current_role() -> str:
    return _role


def announce_start(role: str) -> None:
    """Send `process_started` in a process that has just begun its work."""
    global _role
    _role = role
    process_started.send(sender=None, role=role)


def announce_stop(**_signal: object) -> None:
    process_stopping.send(sender=None, role=_role)
