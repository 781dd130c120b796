"""Supervision of child processes: starts them, restarts dead ones, stops all within 5 s."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mainapp.core.logs.formats import program_line
from project.environment import logs_json
from project.fork import Fork, die_with

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
SETTLED_AFTER_S = 30.0
# Of the 5 s that a stop may take: Redis ends after the processes that use it.
STOP_LAST_AT_S = 4.2
KILL_AT_S = 4.5


class Stop(Exception):
    """The user stopped the instance: Ctrl-C, SIGTERM or a closed terminal."""


def log(text: str) -> None:
    """Print a line with the time; nothing if the terminal is gone or the disk is full."""
    line = f"{time.strftime('%H:%M:%S')} {text}"
    if logs_json():
        line = program_line("INFO", "project.launcher", text)
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


@dataclass
class Child:
    """A child process: a command, or a fork that calls `run`.

    Children with `stops_last` are stopped after the others, which need them.
    """

    name: str
    command: Sequence[str] = ()
    environment: Mapping[str, str] | None = None
    run: Callable[[], None] | None = None
    stops_last: bool = False
    stdout: int | None = None
    stderr: int | None = None
    process: subprocess.Popen[bytes] | Fork | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    restart_at: float | None = field(default=None, init=False)
    pause_s: float = field(default=0.0, init=False)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process in a new process group. Raises: OSError."""
        if self.run is not None:
            self.process = Fork(self.name, self.run)
        else:
            self.process = self._execute()
        self.started_at, self.restart_at = time.monotonic(), None

    def _execute(self) -> "subprocess.Popen[bytes]":
        parent = os.getpid()
        return subprocess.Popen(  # noqa: S603 - our own arguments
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.stdout,
            stderr=self.stderr,
            process_group=0,
            preexec_fn=lambda: die_with(parent),  # safe: this process has no threads
        )

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all processes of the group."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                return

    def plan_restart(self) -> float:
        """Schedule a restart, with a longer pause each time; return the pause in seconds."""
        if time.monotonic() - self.started_at >= SETTLED_AFTER_S:
            self.pause_s = 0.0
        pause_s = self.pause_s
        self.restart_at = time.monotonic() + pause_s
        self.pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, 2 * pause_s))
        return pause_s


class Supervisor:
    """Starts and restarts children. Signals are received by sigtimedwait, not by handlers.

    After `nohup`, SIGHUP stays ignored: sigtimedwait would return it if it were blocked.
    """

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._stop_signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._stop_signals.append(signal.SIGHUP)
        self._waited_signals = [signal.SIGCHLD, *self._stop_signals]
        signal.pthread_sigmask(signal.SIG_BLOCK, self._waited_signals)

    def start(self, child: Child) -> Child:
        child.start()
        self.children.append(child)
        return child

    def finish(self, child: Child, timeout_s: float) -> int | None:
        """Wait until a child exits and remove it; return its exit code, None after the timeout.

        Raises: Stop.
        """
        deadline = time.monotonic() + timeout_s
        while child.is_running and time.monotonic() < deadline:
            self._wait(deadline)
        code = child.process.poll() if child.process else None
        child.send(signal.SIGKILL)
        if child.process:
            child.process.wait()
        self.children.remove(child)
        return code

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Return whether `condition` became true in time. Raises: Stop."""
        deadline = time.monotonic() + timeout_s
        while not (met := condition()) and time.monotonic() < deadline:
            self._wait(time.monotonic() + 0.02)
        return met

    def watch(self) -> None:
        """Restart children that die, forever. Raises: Stop."""
        while True:
            for child in self.children:
                self._revive(child)
            due = [child.restart_at for child in self.children if child.restart_at is not None]
            self._wait(min(due, default=time.monotonic() + 3600))

    def _revive(self, child: Child) -> None:
        if child.is_running:
            return
        if child.restart_at is None:
            code = child.process.poll() if child.process else None
            child.send(signal.SIGKILL)  # to processes that the child started
            pause_s = child.plan_restart()
            log(f"{child.name} {_describe_end(code)}; restart {_describe_pause(pause_s)}")
        if child.restart_at is not None and time.monotonic() >= child.restart_at:
            try:
                child.start()
            except OSError as error:
                child.plan_restart()
                log(f"{child.name} does not start: {error}")

    def stop(self) -> None:
        """Stop all children, Redis last; kill those that still run after 4.5 s."""
        start = time.monotonic()
        for last, until in ((False, STOP_LAST_AT_S), (True, KILL_AT_S)):
            group = [child for child in self.children if child.stops_last == last]
            for child in group:
                child.send(signal.SIGTERM)
            try:
                while any(child.is_running for child in group) and time.monotonic() < start + until:
                    self._wait(start + until)
            except Stop:
                continue  # a second Ctrl-C: do not wait
        for child in self.children:
            child.send(signal.SIGKILL)
            if child.process:
                child.process.wait()

    def _wait(self, until: float) -> None:
        """Wait for the end of a child, at most until the time `until`. Raises: Stop."""
        received = signal.sigtimedwait(self._waited_signals, max(0.0, until - time.monotonic()))
        if received and received.si_signo in self._stop_signals:
            raise Stop


def _describe_end(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _describe_pause(pause_s: float) -> str:
    return f"in {pause_s:g} s" if pause_s else "at once"
