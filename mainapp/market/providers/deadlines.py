"""Connections that end at their caller's deadline, however slowly the other side sends.

httpx bounds each single read: what comes a byte at a time would never end, and keep its thread.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import local
from time import monotonic
from typing import Any

import httpcore
import httpx

_calling = local()  # the deadline of the call that this thread makes


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Have what this thread reads and writes end at `deadline` (of time.monotonic)."""
    _calling.deadline = deadline
    try:
        yield
    finally:
        del _calling.deadline


def transport(*, proxy: str | None) -> httpx.HTTPTransport:
    """Return httpx's own transport, upon connections that keep to `until`."""
    made = httpx.HTTPTransport(proxy=proxy, trust_env=False)
    made._pool._network_backend = _Backend()  # httpx has no argument for it
    return made


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, _left(), local_address, socket_options)
        return _Stream(stream)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left()))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left() -> float:
    """Return the seconds until the deadline. Raises: httpcore.ReadTimeout when it is over."""
    left: float = _calling.deadline - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
