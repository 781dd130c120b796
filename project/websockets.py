"""How uvicorn speaks WebSocket here: little memory for a client that stops reading."""

import logging
import socket
import struct
from asyncio import BaseTransport, Transport
from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from mainapp.core.realtime.writer import EXTENSION as TRY_SEND

logger = logging.getLogger(__name__)

HIGH_WATER_BYTES = 16 * 1024
LOW_WATER_BYTES = 4 * 1024
KERNEL_BUFFER_BYTES = 32 * 1024

TEXT_FRAME, SHORT, MIDDLE = 0x81, 126, 65536
pack_middle = struct.Struct("!BBH").pack


class QuoteSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol with small buffers.

    A frame is handed to the transport, which keeps what the kernel does not take, and the kernel
    keeps what the client does not take. Left alone the two hold 64 KiB and up to 4 MiB for a client
    that stopped reading. Here `send()` waits once 16 KiB are unsent (so the socket's writer keeps
    only each symbol's latest value) and the kernel keeps 32 KiB: 48 KiB at the most.
    """

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        cast(Transport, transport).set_write_buffer_limits(HIGH_WATER_BYTES, LOW_WATER_BYTES)
        if connection := transport.get_extra_info("socket"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if scope := getattr(self, "scope", None):  # there is none where the handshake was refused
            scope["extensions"][TRY_SEND] = {"send": self.try_send_text}

    def try_send_text(self, payload: bytes) -> bool:
        """Write a text frame at once, without a coroutine; False when `send()` has to be awaited.

        `send()` waits while the buffer is full, raises when the client left, and refuses what must
        not be sent now. websockets makes an object of every frame, checks it and copies it twice,
        which was a quarter of what an update cost.
        """
        size = len(payload)
        if (
            size >= MIDDLE
            or self.conn.state is not State.OPEN
            or self.disconnected
            or not self.writable.is_set()
            or self.conn.extensions
        ):
            return False
        if size >= SHORT:
            self.transport.write(pack_middle(TEXT_FRAME, SHORT, size) + payload)
        else:
            self.transport.write(bytes((TEXT_FRAME, size)) + payload)
        return True

    def data_received(self, data: bytes) -> None:
        """Take what came; hang up on a handshake that is none: uvicorn would keep it for ever."""
        super().data_received(data)
        if self.conn.handshake_exc is not None:
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; close 1007, without uvicorn's traceback, on text that is not UTF-8."""
        if self.curr_msg_data_type == "text":
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                logger.info("closed a socket that sent text which is not UTF-8")
                self.frames = []
                self.conn.send_close(1007)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def shutdown(self) -> None:
        """Close with 1012, unless the client is leaving already: uvicorn would raise there."""
        if self.transport.is_closing():
            self.stop_keepalive()
            return
        super().shutdown()
