"""Hosts on one machine: network namespaces on a bridge, with links that can be cut and slowed.

Only root can make them, with `ip` and `tc` of iproute2 and with `nft`. This machine is the host
`10.77.0.1` of the same network. One process at a time has the network; it removes what a killed one
left behind. netem is not in every kernel: rates are limited by tbf, packets lost by nft, and delays
made by `benchmarks.rig.relay`.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "pgh"  # of namespaces and links
BRIDGE = f"{PREFIX}-bridge"
NETWORK, BITS, GATEWAY = "10.77.0", 24, "10.77.0.1"
LOCK = Path(tempfile.gettempdir()) / f"{PREFIX}-hosts.lock"
TABLE = f"inet {PREFIX}"
END_S = 3.0
CHAINS = """
add table {table}
add chain {table} in {{ type filter hook input priority 0; }}
add chain {table} out {{ type filter hook output priority 0; }}
"""


class Unavailable(Exception):
    """Namespaces cannot be made here; the message is one line."""


def why_unavailable() -> str:
    """Return why hosts cannot be made here, "" if they can."""
    if os.getuid() != 0:
        return "hosts need root: network namespaces are made by ip netns"
    missing = [name for name in ("ip", "tc", "nft", "unshare") if not shutil.which(name)]
    if missing:
        return f"hosts need {', '.join(missing)} (packages iproute2, nftables, util-linux)"
    probe = f"{PREFIX}-probe"
    try:
        run("ip", "netns", "add", probe)
        run("ip", "link", "add", f"{PREFIX}-p", "type", "bridge")
        inside = ["ip", "netns", "exec", probe]
        run(*inside, "nft", "-f", "-", text=CHAINS.format(table=TABLE))
    except Unavailable as error:
        return str(error)
    finally:
        for command in (["link", "del", f"{PREFIX}-p"], ["netns", "del", probe]):
            subprocess.run(["ip", *command], capture_output=True, check=False)  # noqa: S603, S607
    return ""


def run(*command: str, text: str = "") -> str:
    """Run a command and return its output. Raises: Unavailable."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"code {done.returncode}"
        raise Unavailable(f"{' '.join(command[:6])}: {reason}")
    return done.stdout


class Host:
    """A namespace with one address, its own host name, and rules for its link."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.namespace = name, f"{PREFIX}-{name}"
        self.address = f"{NETWORK}.{number}"
        self._link = f"{PREFIX}{number}"
        self._add_link()
        self.command("nft", "-f", "-", text=CHAINS.format(table=TABLE))

    def _add_link(self) -> None:
        run("ip", "netns", "add", self.namespace)
        ends = ["type", "veth", "peer", "name", "eth0", "netns", self.namespace]
        run("ip", "link", "add", self._link, *ends)
        run("ip", "link", "set", self._link, "master", BRIDGE, "up")
        self.command("ip", "address", "add", f"{self.address}/{BITS}", "dev", "eth0")
        for device in ("lo", "eth0"):
            self.command("ip", "link", "set", device, "up")

    def prefix(self) -> list[str]:
        """Return the start of a command that runs here; the process keeps its id."""
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        return ["ip", "netns", "exec", self.namespace, *named]

    def command(self, *arguments: str, text: str = "") -> str:
        """Run a command here and return its output. Raises: Unavailable."""
        return run("ip", "netns", "exec", self.namespace, *arguments, text=text)

    # Faults of the link ------------------------------------------------------------------------

    def cut(self, other: "Host", ports: Sequence[int]) -> None:
        """Drop all packets between this host and the ports of another, in both directions."""
        named = "{ " + ", ".join(map(str, ports)) + " }"
        self._rules(
            f"add rule {TABLE} out ip daddr {other.address} tcp dport {named} drop",
            f"add rule {TABLE} in ip saddr {other.address} tcp sport {named} drop",
        )

    def lose(self, percent: int) -> None:
        """Drop this share of all packets at random, in both directions."""
        lost = f"numgen random mod 100 < {percent} drop"
        self._rules(f"add rule {TABLE} out {lost}", f"add rule {TABLE} in {lost}")

    def limit_rate(self, rate: str) -> None:
        """Send at this rate at most, such as "1mbit"."""
        limits = ["rate", rate, "burst", "32kbit", "latency", "400ms"]
        self.command("tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", *limits)

    def mend(self) -> None:
        """Undo all faults of the link."""
        self._rules(f"flush table {TABLE}")
        with suppress(Unavailable):  # there was no limit
            self.command("tc", "qdisc", "del", "dev", "eth0", "root")

    def _rules(self, *rules: str) -> None:
        self.command("nft", "-f", "-", text="\n".join(rules) + "\n")


class Network:
    """The bridge, and the hosts on it by name."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "address", "add", f"{GATEWAY}/{BITS}", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")

    def add(self, *names: str) -> list[Host]:
        made = [Host(name, len(self.hosts) + 10 + n) for n, name in enumerate(names)]
        self.hosts |= {host.name: host for host in made}
        return made

    def mend(self) -> None:
        for host in self.hosts.values():
            host.mend()


@contextmanager
def network() -> Iterator[Network]:
    """Make an empty network, and remove it with its processes. Raises: Unavailable."""
    if reason := why_unavailable():
        raise Unavailable(reason)
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"another process has the network of hosts ({LOCK})") from None
        remove_all()
        try:
            yield Network()
        finally:
            remove_all()


def remove_all() -> None:
    """End the processes of all hosts, and remove namespaces and links by their prefix."""
    for namespace in _namespaces():
        _end_processes(namespace)
        run("ip", "netns", "del", namespace)
    for line in run("ip", "-brief", "link", "show").splitlines():
        name = line.split()[0].partition("@")[0]
        if name.startswith(PREFIX):
            with suppress(Unavailable):  # a link goes some time after its namespace
                run("ip", "link", "del", name)


def _namespaces() -> list[str]:
    names = [line.split()[0] for line in run("ip", "netns", "list").splitlines() if line]
    return [name for name in names if name.startswith(f"{PREFIX}-")]


def _end_processes(namespace: str) -> None:
    deadline = time.monotonic() + END_S
    while pids := run("ip", "netns", "pids", namespace).split():
        number = signal.SIGTERM if time.monotonic() < deadline - END_S / 2 else signal.SIGKILL
        for pid in map(int, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, number)
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)
