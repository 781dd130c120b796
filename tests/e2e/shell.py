"""A Django shell of an instance, kept open because starting one takes 2 s."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.instances import ROOT, Instance, environment

Shell = Callable[[str], None]
# Runs each line of its input (code as a JSON string) and writes its traceback, or "".
LOOP = """
import json, sys, traceback
for line in sys.stdin:
    error = ""
    try:
        exec(json.loads(line), {})
    except Exception:
        error = traceback.format_exc()
    print(json.dumps(error), flush=True)
"""


@contextmanager
def open_shell(site: Instance) -> Iterator[Shell]:
    """Return `shell(code)`, which runs code in the instance's environment."""
    command = [sys.executable, "-m", "project.launcher", "manage", "shell", "-v", "0", "-c", LOOP]
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        command,
        env=environment(**site.env_vars),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    def shell(code: str) -> None:
        print(json.dumps(code), file=stdin, flush=True)
        error = json.loads(stdout.readline())
        assert not error, error

    with process:
        yield shell
        stdin.close()
