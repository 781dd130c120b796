"""Processing of untrusted files in a child process with limits on memory, CPU and time.

A worker is a file that imports no code of this project and defines
`work(arguments: list[str], data: bytes)`, whose result is JSON:

    answer = run(WORKER, "square", str(folder), data=upload, limits=Limits(memory=70 * MIB))

`child.py` runs it. The child has an empty environment, so that a file which takes over a library
cannot read the secret key.
"""

import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

logger = logging.getLogger(__name__)

MIB = 1024 * 1024
CHILD = Path(__file__).with_name("child.py")
# A child uses up to 170 MiB, so each server process runs two at most.
_slots = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one child.

    `memory`, in bytes, is in addition to the interpreter and the worker's imports. `file`, in
    bytes, applies to each file that the child writes, including its answer.
    """

    memory: int
    file: int = 8 * MIB
    cpu_s: int = 5
    timeout_s: float = 10.0


def run(worker: Path, *arguments: str, data: bytes = b"", limits: Limits) -> Any:
    """Return the worker's answer; numbers with a fraction are Decimals.

    The answer is {"error": "large"} if the worker exceeded a limit or its process failed, and
    {"error": "busy"} if two other children were still running after `timeout_s`.
    """
    if not _slots.acquire(timeout=limits.timeout_s):
        return {"error": "busy"}
    try:
        return _run(worker, arguments, data, limits)
    finally:
        _slots.release()


def _run(worker: Path, arguments: tuple[str, ...], data: bytes, limits: Limits) -> Any:
    numbers = map(str, (limits.memory, limits.cpu_s, limits.file))
    # The child's output goes to files, because the kernel limits their size; what it writes into
    # a pipe would be read into this process's memory without a limit.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.run(  # noqa: S603 - our own script and arguments
                [sys.executable, "-I", str(CHILD), str(worker), *numbers, *arguments],
                input=data,
                stdout=output,
                stderr=errors,
                env={},
                timeout=limits.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"error": "large"}
        output.seek(0)
        try:
            return json.loads(output.read(limits.file + 1), parse_float=Decimal)
        except (ValueError, RecursionError):
            errors.seek(0)
            logger.warning(
                "%s ended its process (%s): %r",
                worker.parent.name,
                process.returncode,
                errors.read(limits.file)[-300:],
            )
            return {"error": "large"}
