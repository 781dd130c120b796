"""A process's measurements of itself: memory, CPU, files, threads and connections."""

import os
import threading
import time
from pathlib import Path

from django.db import connection

from mainapp.core import processes
from mainapp.core.redis import failed_calls

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_OWN = Path("/proc/self")


def resident_bytes() -> float:
    return float((_OWN / "statm").read_text().split()[1]) * PAGE_BYTES


def open_files() -> float:
    return float(len(os.listdir(_OWN / "fd")))  # noqa: PTH208 - Path objects are not needed


def started_at() -> float:
    """Return this process's start time, in seconds since 1970."""
    ticks = float((_OWN / "stat").read_text().rpartition(")")[2].split()[19])
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    return time.time() - uptime_s + ticks / os.sysconf("SC_CLK_TCK")


def connections() -> dict[tuple[str, ...], float]:
    """Return the connections of PostgreSQL's pool by state; empty with SQLite."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        return {}
    used, idle = pool.counts()
    return {("used",): used, ("idle",): idle, ("free",): pool.max_size - used - idle}


GAUGES: dict[str, processes.Read] = {
    "process_resident_bytes": lambda: {(): resident_bytes()},
    "process_open_files": lambda: {(): open_files()},
    "process_threads": lambda: {(): float(threading.active_count())},
    "process_start_time_seconds": lambda: {(): round(started_at())},
    "database_connections": connections,
}
COUNTERS: dict[str, processes.Read] = {
    "cpu_seconds": lambda: {(processes.current_role(),): time.process_time()},
    "redis_errors": lambda: {
        (processes.current_role(), kind): float(count)
        for kind, count in failed_calls.copy().items()
    },
}
