"""Checks of versions: of Python, of the packages, and of the code of running processes."""

import platform
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import redis
from django.conf import settings
from packaging.requirements import Requirement

from mainapp.core.code_version import code_version
from mainapp.operations.board import readings
from mainapp.operations.management.doctor.findings import Finding, fault, ok

FIRST, LAST = (3, 11), (3, 14)
LOCK = Path(settings.BASE_DIR) / "requirements.txt"
SHOWN = 5


def check_python() -> Iterator[Finding]:
    version = platform.python_version()
    if FIRST <= sys.version_info[:2] <= LAST:
        yield ok(f"Python {version}")
    else:
        yield fault(f"Python {version}: use 3.11 to 3.14")


def check_packages() -> Iterator[Finding]:
    wanted = list(locked_versions(LOCK))
    others = [
        f"{name} {installed or 'missing'} instead of {version}"
        for name, version in wanted
        if (installed := _installed(name)) != version
    ]
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        yield fault(f"{', '.join(others[:SHOWN])}{more}: run `make install`")
    else:
        yield ok(f"{len(wanted)} packages as in {LOCK.name}")


def check_processes() -> Iterator[Finding]:
    """Compare the code of all running processes, on all hosts, with the code of this command."""
    try:
        running = Counter((reading.version, reading.role) for reading in readings())
    except redis.RedisError:
        yield fault("unknown, as Redis does not answer")
        return
    own = code_version()
    same = []
    for (version, role), count in sorted(running.items()):
        if version == own:
            same.append(f"{count} {role}")
        else:
            yield fault(f"{count} {role} of version {version or 'unknown'}, not {own}: restart it")
    if same or not running:
        yield ok(f"{', '.join(same) or 'none runs'}, version {own}")


def locked_versions(lock: Path) -> Iterator[tuple[str, str]]:
    """Yield name and version of each pin of a lock that applies to this Python and machine."""
    for line in lock.read_text().splitlines():
        if line and line[0] not in " #-":
            pin = Requirement(line.rstrip(" \\"))
            if pin.marker is None or pin.marker.evaluate():
                yield pin.name, next(iter(pin.specifier)).version


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
