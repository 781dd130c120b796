"""uvicorn's HTTP protocol, with limits on what a client may leave unfinished."""

import logging
import socket
from asyncio import BaseTransport, TimerHandle
from collections import Counter

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mainapp.core.addresses import is_trusted_proxy, network_of
from mainapp.core.request_ids import FROM_PROXY

logger = logging.getLogger(__name__)

# A request line with its headers, or trailers. A header line of 150 MiB took 3 GiB.
MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 200
# Requests of a connection that wait for earlier responses: 100,000 small ones took 148 MiB.
MAX_PIPELINED = 16
# The time for the head of a request, from its first byte, and for each MIN_BODY_BYTES of its body.
# Without the minimum, a byte every 9 s kept a request open forever. 1 KiB a second is a tenth of
# the slowest mobile network.
UNFINISHED_S = 10.0
MIN_BODY_BYTES = 10 * 1024
# The time for a client to read a part of its response. The kernel reports free space only after a
# third of its buffer was read.
UNREAD_S = 30.0
KERNEL_BUFFER_BYTES = 128 * 1024
# The total of unread responses to the clients of one network, in this process.
MAX_UNREAD_BYTES = 8 * 1024 * 1024
# A stopping server closes a new connection only after this time: its request may be on the way.
FIRST_REQUEST_S = 0.25

REFUSAL = b"HTTP/1.1 431 Head Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

# Connections of this process by client network; those that became WebSockets are not included.
open_connections: Counter[str] = Counter()
# Bytes of responses that wait for slow clients of this process, by their network.
unread_bytes: Counter[str] = Counter()


class TooMany(Exception):
    """Ends the parsing of a connection with too many headers or requests."""


class BoundedRequests(HttpToolsProtocol):
    """Closes connections with an endless head, an unfinished request or an unread response.

    An address may have SOCKETS_PER_ADDRESS connections, in addition to its WebSockets. Trusted
    proxies are not limited.
    """

    _network = ""
    _head_bytes = 0
    _body_bytes = 0
    _has_progressed = False
    _is_upgraded = False
    _timer: TimerHandle | None = None
    _is_stopping = False
    _unread = 0
    _unread_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type] # uvicorn's is narrower
        if self.client and not is_trusted_proxy(self.client[0]):
            self._network = network_of(self.client[0])
            open_connections[self._network] += 1
            if open_connections[self._network] > settings.SOCKETS_PER_ADDRESS:
                transport.close()
        if connection := transport.get_extra_info("socket"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data; close after MAX_HEAD_BYTES without the end of a head or a part of a body."""
        if self.transport.is_closing():
            return
        self._has_progressed = False
        super().data_received(data)
        self._head_bytes = 0 if self._has_progressed else self._head_bytes + len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        elif self._timer is None and self._is_unfinished():
            self._start_timer()

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= MAX_HEADERS:
            raise TooMany
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            raise TooMany
        self._note_progress()
        if self.client and is_trusted_proxy(self.client[0]):
            self.scope[FROM_PROXY] = True  # type: ignore[literal-required] # our own
        super().on_headers_complete()
        if self._is_stopping and self.cycle is not None:
            self.cycle.keep_alive = False

    def pause_writing(self) -> None:
        """Wait for the client to read; close if clients of its network leave too much unread."""
        super().pause_writing()
        self._note_unread(self.transport.get_write_buffer_size())
        if unread_bytes[self._network] > MAX_UNREAD_BYTES:
            self.transport.abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._note_unread(0)

    def on_body(self, body: bytes) -> None:
        self._has_progressed = True
        if self.cycle is not None and not self.cycle.response_complete:
            self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._note_progress()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._is_upgraded = True
        self._release()
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        """Stop after the request in progress; give a new connection time for its first request.

        A proxy responds with 502 if a connection is accepted and then closed without a response.
        """
        self._is_stopping = True
        if self.cycle is None:
            self.loop.call_later(FIRST_REQUEST_S, super().shutdown)
        else:
            super().shutdown()

    def _note_progress(self) -> None:
        self._has_progressed = True
        self._stop_timer()

    def _is_unfinished(self) -> bool:
        """Return whether the client has to send more before the application can respond."""
        if self._is_upgraded or self.transport.is_closing():
            return False
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _start_timer(self) -> None:
        self._body_bytes = 0
        self._timer = self.loop.call_later(UNFINISHED_S, self._end_unfinished)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_unfinished(self) -> None:
        """Close the connection of a client that sends too slowly.

        It stays open if enough of a body has arrived, or if the application reads too slowly.
        """
        self._timer = None
        if self.flow.read_paused or self._body_bytes >= MIN_BODY_BYTES:
            self._start_timer()
        elif self._is_unfinished():
            self.transport.close()

    def _note_unread(self, size: int) -> None:
        """Count the bytes that the client has not read; time its progress until none are left."""
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None
        if self._network:
            unread_bytes[self._network] += size - self._unread
            if not unread_bytes[self._network]:
                del unread_bytes[self._network]
        self._unread = size
        if size:
            self._unread_timer = self.loop.call_later(UNREAD_S, self._end_unread)

    def _end_unread(self) -> None:
        """Reset the connection of a client that has read nothing since the last time."""
        size = self.transport.get_write_buffer_size()
        if size < self._unread:
            self._note_unread(size)
        else:
            self.transport.abort()

    def _refuse_head(self) -> None:
        logger.info("closed a connection with a head above %d bytes", MAX_HEAD_BYTES)
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(REFUSAL)
        self.transport.close()

    def _release(self) -> None:
        """Stop counting this connection: it ended, or is a WebSocket, which `core.limits` count."""
        self._stop_timer()
        self._note_unread(0)
        if self._network:
            open_connections[self._network] -= 1
            if not open_connections[self._network]:
                del open_connections[self._network]
            self._network = ""
