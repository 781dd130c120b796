"""Processing of untrusted files in a child process with limits on memory, CPU and time.

A worker is a file that imports no code of this project and defines
`work(arguments: list[str], data: bytes)`, whose result is JSON:

    answer = run(WORKER, "square", str(folder), data=upload, limits=Limits(memory=70 * MIB))

`child.py` runs it. The child has an empty environment: a library taken over by a file must not
read the secret key.
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
# A child uses up to 170 MiB: at most two at once per process of the server.
_turns = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one child.

    `memory` is in addition to the interpreter and the worker's imports; `file` is the size of each
    file that it writes, including its answer. All are in bytes.
    """

    memory: int
    file: int = 8 * MIB
    cpu_s: int = 5
    timeout_s: float = 10.0


def run(worker: Path, *arguments: str, data: bytes = b"", limits: Limits) -> Any:
    """Return the worker's answer; numbers with a fraction are Decimals.

    {"error": "large"} if it exceeded a limit, {"error": "busy"} if two other children did not end
    within `timeout_s`.
    """
    if not _turns.acquire(timeout=limits.timeout_s):
        return {"error": "busy"}
    try:
        return _run(worker, arguments, data, limits)
    finally:
        _turns.release()


def _run(worker: Path, arguments: tuple[str, ...], data: bytes, limits: Limits) -> Any:
    numbers = map(str, (limits.memory, limits.cpu_s, limits.file))
    # The child writes to files, whose size the kernel limits; a pipe could fill our memory.
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
