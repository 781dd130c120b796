"""Checks of versions: Python, packages, and the code of running processes."""

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
    differing = [
        f"{name} {installed or 'missing'} instead of {version}"
        for name, version in wanted
        if (installed := _installed(name)) != version
    ]
    if differing:
        more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        yield fault(f"{', '.join(differing[:SHOWN])}{more}: run `make install`")
    else:
        yield ok(f"{len(wanted)} packages as in {LOCK.name}")


def check_processes() -> Iterator[Finding]:
    """Compare the code version of all processes, on all hosts, with that of this command."""
    try:
        running = Counter((reading.version, reading.role) for reading in readings())
    except redis.RedisError:
        yield fault("unknown, as Redis does not answer")
        return
    own_version = code_version()
    same = []
    for (version, role), count in sorted(running.items()):
        if version == own_version:
            same.append(f"{count} {role}")
        else:
            yield fault(
                f"{count} {role} of version {version or 'unknown'}, not {own_version}: restart it"
            )
    if same or not running:
        yield ok(f"{', '.join(same) or 'none runs'}, version {own_version}")


def locked_versions(lock: Path) -> Iterator[tuple[str, str]]:
    """Yield name and version of each pin in a lock file that applies to this Python and machine."""
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
