"""The cost of sockets, batches and time, as a formula of measured constants.

`docs/SCALE.md` quotes the constants, `benchmarks/scale.py` compares the formula with real runs.
"""

import math
from dataclasses import dataclass

# Measured by benchmarks/scale.py and benchmarks/fanout.py: 85 symbols, 10 of them a socket.
UPDATE_CPU_US = 13.0  # of a web process, for one frame to one socket
BATCH_CPU_MS = 1.5  # of a web process, for a batch, whatever the number of sockets
HEARTBEAT_CPU_US = 10.0  # of a web process, for one heartbeat to one socket
IDLE_CPU_MS = 5.0  # of a web process, for a second: polls of the board, leases, ticks
CONNECT_CPU_MS = 1.0
SOCKET_KB = 28.0
PROCESS_MB = 96.0
FRAME_BYTES = 1_900
PUBLICATION_KB = 13.0  # that Redis sends to each web process, for a batch of 85 symbols
WRITER_KB = 37.0  # that Redis sends to the worker, which compares the batch with the board
POLL_KB = 1.0  # that Redis sends to each web process, for a second without a batch
# A socket that has received nothing for 2 s gets a heartbeat at the next tick, of a quarter second.
HEARTBEAT_S = 2.125
# A process that is busier answers pings and pages late.
MAX_CPU = 0.6
MAX_NETWORK_MB_S = 80.0  # of a host with a card of 1 Gbit/s
POOL_SIZE = 20  # database connections of a process, DATABASE_POOL_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Sockets of the tracker, the web processes that serve them, and the seconds of a batch."""

    sockets: int
    processes: int = 1
    every_s: float = 10.0

    @property
    def heartbeats(self) -> int:
        """Return the heartbeats to a socket from one batch to the next."""
        return math.ceil(self.every_s / HEARTBEAT_S) - 1


def web_cpu_ms(load: Load) -> float:
    """Return the CPU of all web processes from one batch to the next, in ms."""
    socket_us = UPDATE_CPU_US + load.heartbeats * HEARTBEAT_CPU_US
    process_ms = BATCH_CPU_MS + load.every_s * IDLE_CPU_MS
    return load.processes * process_ms + load.sockets * socket_us / 1000


def redis_kb(load: Load) -> float:
    """Return what Redis sends from one batch to the next, in KB."""
    return WRITER_KB + load.processes * (PUBLICATION_KB + load.every_s * POLL_KB)


def connect_cpu_ms(load: Load) -> float:
    """Return the CPU of all web processes for the connects of all sockets, in ms."""
    return load.sockets * CONNECT_CPU_MS


def processes_needed(sockets: int, *, burst_s: float = 1.0, back_s: float = 10.0) -> int:
    """Return the web processes for a number of sockets.

    They send a batch to all within `burst_s` seconds, and accept all again within `back_s` seconds
    after a restart.
    """
    busy_ms = MAX_CPU * burst_s * 1000 - BATCH_CPU_MS - IDLE_CPU_MS * burst_s
    for_updates = math.ceil(sockets * UPDATE_CPU_US / 1000 / busy_ms)
    return max(1, for_updates, math.ceil(sockets * CONNECT_CPU_MS / 1000 / back_s))


def memory_mb(load: Load) -> float:
    """Return the memory of all web processes."""
    return load.processes * PROCESS_MB + load.sockets * SOCKET_KB / 1024


def client_mb(load: Load) -> float:
    """Return what the hosts send to clients for one batch, in MB."""
    return load.sockets * FRAME_BYTES / 1e6


def connections(load: Load) -> int:
    """Return the most database connections that the web processes open."""
    return load.processes * POOL_SIZE


def plan(sockets: int) -> Load:
    """Return the load of a number of sockets on as many processes as they need."""
    return Load(sockets=sockets, processes=processes_needed(sockets))
