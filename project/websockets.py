"""uvicorn's WebSocket protocol with small buffers and a synchronous send."""

import socket
import struct
from asyncio import BaseTransport, Transport
from typing import cast

from websockets.http11 import Request

from mainapp.core.addresses import is_trusted_proxy
from mainapp.core.realtime.writer import EXTENSION as TRY_SEND
from mainapp.core.request_ids import FROM_PROXY
from project.receiving import BoundedReceiver

HIGH_WATER_BYTES = 16 * 1024
LOW_WATER_BYTES = 4 * 1024
KERNEL_BUFFER_BYTES = 32 * 1024

TEXT_FRAME, SHORT, MIDDLE = 0x81, 126, 65536
pack_middle = struct.Struct("!BBH").pack


class QuoteSocketProtocol(BoundedReceiver):
    """Limits the buffers of a client that stops reading to 48 KiB.

    By default the transport buffers 64 KiB and the kernel up to 4 MiB. Here `send()` waits once
    16 KiB are unsent (the socket's writer then stores only each symbol's latest value), and the
    kernel buffers 32 KiB.
    """

    is_full = False

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        cast(Transport, transport).set_write_buffer_limits(HIGH_WATER_BYTES, LOW_WATER_BYTES)
        if connection := transport.get_extra_info("socket"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not hasattr(self, "scope"):
            return  # the handshake was refused
        if self.client and is_trusted_proxy(self.client[0]):
            self.scope[FROM_PROXY] = True  # type: ignore[literal-required] # our own
        # With extensions, frames have to pass through websockets.
        if not self.conn.extensions:
            self.scope["extensions"][TRY_SEND] = {"send": self.try_send_text}

    def pause_writing(self) -> None:
        super().pause_writing()
        self.is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.is_full = False

    def try_send_text(self, payload: bytes) -> bool:
        """Write a text frame without a coroutine; return False if `send()` has to be awaited.

        `send()` waits while the buffer is full, raises if the client has left, and refuses invalid
        messages. websockets creates an object for every frame, checks it and copies it twice, which
        was a quarter of the cost of an update.
        """
        size = len(payload)
        if (
            self.is_full
            or self.close_sent
            or not self.handshake_complete
            or size >= MIDDLE
            or self.transport.is_closing()
        ):
            return False
        if size >= SHORT:
            self.transport.write(pack_middle(TEXT_FRAME, SHORT, size) + payload)
        else:
            self.transport.write(bytes((TEXT_FRAME, size)) + payload)
        return True

    def shutdown(self) -> None:
        """Close with 1012, unless the client is already closing: uvicorn would raise then."""
        if self.transport.is_closing():
            self.stop_keepalive()
            return
        super().shutdown()
