"""Forked child processes, which share this process's memory and imported modules."""

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

# Options of prctl(2), which Python's standard library does not have.
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
NAME_BYTES = 15  # of a thread's name, without the final zero
ARG_START, ARG_END = 45, 46  # in /proc/self/stat, counted after the program's name

libc = ctypes.CDLL(None, use_errno=True)


class Fork:
    """A forked child that calls `run`, with `pid`, `poll` and `wait` like `subprocess.Popen`.

    The parent must have no threads: a fork copies their locks in any state, and never unlocks them.
    """

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        parent = os.getpid()
        self._process = multiprocessing.get_context("fork").Process(
            target=_run, args=(name, run, parent), name=name
        )
        self._process.start()
        self.pid = self._process.pid or 0
        _lead_group(self.pid)

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while the child runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode


def _run(name: str, run: Callable[[], None], parent: int) -> None:
    _lead_group(0)
    die_with(parent)
    set_title(f"pregao: {name}")
    run()


def _lead_group(pid: int) -> None:
    """Make a process the leader of a new group. Parent and child both call it, against races."""
    try:
        os.setpgid(pid, 0)
    except (PermissionError, ProcessLookupError):
        return


def die_with(parent: int) -> None:
    """Unblock all signals in a new process, and have the kernel kill it if its parent dies."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def set_title(title: str) -> None:
    """Show `title` instead of the command line in `ps` and `top`.

    The kernel reads the command line from the process's own memory, so overwriting it is enough.
    A title that is too long is truncated.
    """
    libc.prctl(PR_SET_NAME, title.encode()[:NAME_BYTES], 0, 0, 0)
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[ARG_START]), int(fields[ARG_END])
    if 0 < start < end:
        size = end - start
        ctypes.memmove(start, title.encode()[: size - 1].ljust(size, b"\0"), size)
