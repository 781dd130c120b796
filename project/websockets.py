"""How uvicorn speaks WebSocket here: little memory for a client that stops reading."""

import socket
import struct
from asyncio import BaseTransport, Transport
from typing import Any, cast

from websockets.protocol import State

from project.receiving import BoundedReceiver

HIGH_WATER_BYTES = 16 * 1024
LOW_WATER_BYTES = 4 * 1024
KERNEL_BUFFER_BYTES = 32 * 1024

TEXT_FRAME, SHORT, MIDDLE = 0x81, 126, 65536
pack_middle = struct.Struct("!BBH").pack


class QuoteSocketProtocol(BoundedReceiver):
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

    async def send(self, message: Any) -> None:
        """Write a text frame at once; the rest, and what must wait, is uvicorn's.

        websockets makes an object of every frame, checks it and copies it twice: a quarter of what
        an update costs.
        """
        text = message.get("text")
        if text is None or not self._may_write_at_once():
            await super().send(message)
            return
        data = text.encode()
        size = len(data)
        if size >= MIDDLE:
            await super().send(message)
            return
        short = size < SHORT
        head = bytes((TEXT_FRAME, size)) if short else pack_middle(TEXT_FRAME, SHORT, size)
        self.transport.write(head + data)

    def _may_write_at_once(self) -> bool:
        return (
            self.handshake_complete
            and not self.disconnected
            and not self.close_sent
            and self.writable.is_set()
            and self.conn.state is State.OPEN
            and not self.conn.extensions
        )

    def shutdown(self) -> None:
        """Close with 1012, unless the client is leaving already: uvicorn would raise there."""
        if self.transport.is_closing():
            self.stop_keepalive()
            return
        super().shutdown()
