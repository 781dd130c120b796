"""The cost of sockets and batches, as a formula of measured constants.

`docs/SCALE.md` quotes the constants, `benchmarks/scale.py` compares the formula with real runs.
"""

import math
from dataclasses import dataclass

# Measured by benchmarks/scale.py and benchmarks/fanout.py: 85 symbols, 10 of them a socket.
UPDATE_CPU_US = 13.0  # of a web process, for one frame to one socket
BATCH_CPU_MS = 1.5  # of a web process, for a batch, whatever the number of sockets
CONNECT_CPU_MS = 1.0
SOCKET_KB = 28.0
PROCESS_MB = 96.0
FRAME_BYTES = 1_900
PUBLICATION_KB = 13.0  # that Redis sends to each web process, for a batch of 85 symbols
WRITER_KB = 37.0  # that Redis sends to the worker, which compares the batch with the board
# A process that is busier answers pings and pages late.
MAX_CPU = 0.6
# Of a 1 Gbit/s network card, in both directions of a host.
MAX_NETWORK_MB_S = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Sockets of the tracker, and the seconds between two batches."""

    sockets: int
    every_s: float = 10.0
    processes: int = 1


def web_cpu_ms(load: Load) -> float:
    """Return the CPU of all web processes for one batch, in ms."""
    return load.processes * BATCH_CPU_MS + load.sockets * UPDATE_CPU_US / 1000


def redis_kb(load: Load) -> float:
    """Return what Redis sends for one batch, in KB."""
    return WRITER_KB + load.processes * PUBLICATION_KB


def processes_needed(load: Load, *, burst_s: float = 1.0) -> int:
    """Return the web processes that send a batch to all sockets within `burst_s` seconds."""
    busy_ms = MAX_CPU * burst_s * 1000 - BATCH_CPU_MS
    return max(1, math.ceil(load.sockets * UPDATE_CPU_US / 1000 / busy_ms))


def memory_mb(load: Load) -> float:
    """Return the memory of all web processes."""
    return load.processes * PROCESS_MB + load.sockets * SOCKET_KB / 1024


def client_mb_s(load: Load, *, burst_s: float = 1.0) -> float:
    """Return what the hosts send to clients while a batch goes out, in MB/s."""
    return load.sockets * FRAME_BYTES / burst_s / 1e6


def reconnect_s(load: Load) -> float:
    """Return the seconds in which the processes accept all sockets again."""
    return load.sockets * CONNECT_CPU_MS / 1000 / load.processes
