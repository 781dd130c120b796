"""An httpx transport with one deadline per call, whose connections go to vetted addresses only.

httpx limits each single read: a server that sends a byte every few seconds would occupy a thread
forever. Only the network backend can enforce a deadline. httpcore has a parameter for it and httpx
has none, so this transport uses httpcore's public connection pool.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import local
from time import monotonic
from typing import Any
from urllib.parse import SplitResult

import httpcore
import httpx

from mainapp.core.http.addresses import (
    RESOLVE_TIMEOUT_S,
    AddressPolicy,
    check_resolved,
    resolve,
)

# Deadline of the current thread's call.
_call = local()


def set_vetted_url(url: SplitResult) -> None:
    """Store the URL of this thread's request, by which its connections are vetted."""
    _call.url = url


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """End all reads and writes of this thread at `deadline` (of time.monotonic)."""
    _call.deadline = deadline
    try:
        yield
    finally:
        _call.__dict__.clear()


def check_deadline() -> None:
    """Raise httpcore.ReadTimeout after the deadline."""
    _remaining(None)


class Transport(httpx.BaseTransport):
    """Sends requests through an httpcore pool. Raises: httpcore's exceptions, AddressError."""

    def __init__(
        self,
        *,
        proxy: str | None = None,
        policy: AddressPolicy | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        # httpx parses the proxy's URL with its user and password.
        parsed = httpx.Proxy(proxy) if proxy else None
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or default_tls(),
            proxy=httpcore.Proxy(str(parsed.url), parsed.raw_auth) if parsed else None,
            max_connections=20,
            # A reused connection would skip the vetting of the name's current address.
            max_keepalive_connections=0 if policy else 10,
            keepalive_expiry=5.0,
            network_backend=_Backend(policy),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(response.stream, Iterable)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.stream),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


@cache
def default_tls() -> ssl.SSLContext:
    """Return a context with certifi's roots, loaded once per process: it costs 20 ms of CPU."""
    return httpx.create_ssl_context(trust_env=False)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if (close := getattr(self._stream, "close", None)) is not None:
            close()


class _Backend(httpcore.SyncBackend):
    def __init__(self, policy: AddressPolicy | None) -> None:
        self._policy = policy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve the name once, check its addresses, and connect to the first that accepts.

        TLS still verifies the name, as httpcore takes it from the request.
        """
        try:
            addresses = resolve(host, port, timeout=min(_remaining(timeout), RESOLVE_TIMEOUT_S))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise UnknownHostError(str(error)) from error
        if self._policy:
            check_resolved(addresses, _call.url, self._policy)
        last_error: Exception = UnknownHostError("no address")
        for address in dict.fromkeys(addresses):
            try:
                stream = super().connect_tcp(
                    address, port, _remaining(timeout), local_address, socket_options
                )
            except httpcore.ConnectError as error:
                last_error = error
            else:
                return _Stream(stream)
        raise last_error


class UnknownHostError(httpcore.ConnectError):
    """A name without an address."""


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _remaining(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _remaining(timeout: float | None) -> float:
    """Return the seconds that a step may take. Raises: httpcore.ReadTimeout after the deadline."""
    remaining: float = _call.deadline - monotonic()
    if remaining <= 0:
        raise httpcore.ReadTimeout("no whole answer in time")
    return remaining if timeout is None else min(remaining, timeout)
