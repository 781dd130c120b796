"""The receiving half of our WebSocket protocol, with bounded CPU and memory for each client."""

import asyncio
import logging
from time import perf_counter
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from mainapp.core.limits import SocketWindow

logger = logging.getLogger(__name__)

FLOODED, POLICY_VIOLATION, NOT_UTF_8 = 4408, 1008, 1007
WINDOW_S = 10.0
# Control and continuation frames, and any frame after our close frame. Browsers send one pong in
# 20 s and fragments of 128 KiB. Messages are counted by `core.consumers`, which sends an error.
MAX_FRAMES = 500
# One message of 1 MiB, which costs 5 ms, and more than browsers send; valid ones have 64 KiB.
MAX_BYTES = 1280 * 1024
# 1 MiB, the longest message, in the 4 KiB fragments that some libraries send.
MAX_FRAGMENTS = 256
# A message of more fragments than this must have MIN_FRAGMENT bytes in each on average: 256 empty
# ones cost the other clients 2.5 ms at once, which was 2.9 times their usual p99.
MAX_TINY_FRAGMENTS = 16
MIN_FRAGMENT = 256

# websockets needs 7 µs for an empty frame of 6 bytes, and uvloop delivers 256 KiB at once: parsing
# 43,000 pings in one step blocked all other clients for 300 ms.
SLICE_BYTES = 512
TURN_S = 0.0005
MAX_QUEUED = 16
# The time for a client to read our close frame, before the connection is reset.
HANG_UP_S = 1.0

PONG = 0x8A


class BoundedReceiver(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which parses in small slices and counts every kind of frame.

    Unparsed data (256 KiB at most) waits while the application has MAX_QUEUED messages to read, and
    while other clients have their turn; no more data is read during that time.
    """

    _unparsed: memoryview = memoryview(b"")
    _is_parsing_scheduled = False
    _is_hung_up = False
    _pending_pong = b""
    _frames: SocketWindow | None = None
    _bytes: SocketWindow | None = None

    def data_received(self, data: bytes) -> None:
        """Parse data; close after an invalid handshake, which uvicorn would leave open forever."""
        if self._is_hung_up:
            return
        if not self.handshake_initiated:
            super().data_received(data)
            if self.conn.handshake_exc is not None:
                self.transport.close()
            return
        if self._bytes is None:
            self._bytes = SocketWindow(MAX_BYTES, WINDOW_S)
        if self._bytes.consume(len(data)):
            self._hang_up(FLOODED)
        elif self._unparsed or len(data) > SLICE_BYTES:
            self._unparsed = memoryview(bytes(self._unparsed) + data)
            self._parse()
        else:
            super().data_received(data)

    async def receive(self) -> Any:
        """Return the next message; after the last one, continue parsing or reading.

        Other clients have their turn before each message of a burst: 16 subscriptions in a row
        blocked all other clients for 6 ms.
        """
        if not self.queue.empty():
            await asyncio.sleep(0)
        message = await self.queue.get()
        if self.queue.empty():
            if self._unparsed:
                self._schedule_parsing()
            else:
                self._resume_reading()
        return message

    def handle_ping(self) -> None:
        """Reply to a ping. A client that does not read gets a pong to its latest ping only.

        RFC 6455, 5.5.3, allows that. Written at once, pongs filled the transport without limit.
        """
        if not self._count_frame():
            return
        output = self.conn.data_to_send()
        if self.writable.is_set() or any(frame[:1] != bytes((PONG,)) for frame in output):
            self.transport.write(b"".join(output))
        elif output:
            self._pending_pong = output[-1]

    def handle_pong(self, event: Frame) -> None:
        if self._count_frame():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if not self._count_frame():
            return
        if len(self.frames) >= MAX_FRAGMENTS or self._are_tiny():
            self._hang_up(POLICY_VIOLATION)
        else:
            super().handle_cont(event)

    def _are_tiny(self) -> bool:
        """Return whether the message has too many tiny fragments; checked at every 16th only."""
        count = len(self.frames)
        if not count or count % MAX_TINY_FRAGMENTS:
            return False
        return sum(map(len, self.frames)) < count * MIN_FRAGMENT

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._abort_soon_if_unread()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._abort_soon_if_unread()

    def handle_text(self, event: Frame) -> None:
        if not self.close_sent or self._count_frame():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        if not self.close_sent or self._count_frame():
            super().handle_bytes(event)

    def send_receive_event_to_app(self) -> None:
        """Queue a message; close with 1007, without uvicorn's traceback, if it is not UTF-8."""
        if self.curr_msg_data_type != "text":
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return  # the application has ended; only the client's close frame is awaited
        try:
            text = data.decode()
        except UnicodeDecodeError:
            logger.info("closed a socket that sent text which is not UTF-8")
            self.conn.send_close(NOT_UTF_8)
            self.handle_parser_exception()
            return
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        self._pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._pending_pong and self.conn.state is State.OPEN:
            self.transport.write(self._pending_pong)
        self._pending_pong = b""

    async def send(self, message: Any) -> None:
        """Send a message; reset the connection after `close_timeout` without a close frame.

        uvicorn would close it, which waits forever for a client that does not read.
        """
        await super().send(message)
        if self.close_timer is not None and not self._is_hung_up:
            self._abort_after(self.close_timeout)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._abort_soon_if_unread()

    def _parse(self) -> None:
        """Parse slices for TURN_S, then let other clients have their turn."""
        self._is_parsing_scheduled = False
        turn_ends_at = perf_counter() + TURN_S
        while self._unparsed and not self._is_hung_up and not self.transport.is_closing():
            if self.queue.qsize() >= MAX_QUEUED and not self.close_sent:
                break
            part, self._unparsed = self._unparsed[:SLICE_BYTES], self._unparsed[SLICE_BYTES:]
            super().data_received(part)  # type: ignore[arg-type] # a buffer is enough
            if self._unparsed and perf_counter() > turn_ends_at:
                self._schedule_parsing()
                break
        if self._unparsed:
            self._pause_reading()
        elif self.queue.empty():
            self._resume_reading()

    def _schedule_parsing(self) -> None:
        if not self._is_parsing_scheduled:
            self._is_parsing_scheduled = True
            self.loop.call_soon(self._parse)

    def _pause_reading(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self.read_paused and not self._is_hung_up and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()

    def _count_frame(self) -> bool:
        """Count a frame; close with 4408 after too many. Return whether the client may go on."""
        if self._is_hung_up:
            return False
        if self._frames is None:
            self._frames = SocketWindow(MAX_FRAMES, WINDOW_S)
        if self._frames.consume():
            self._hang_up(FLOODED)
        return not self._is_hung_up

    def _hang_up(self, code: int) -> None:
        """Send a close frame, stop reading, and reset the connection after HANG_UP_S.

        If it were closed at once, with unread data, the kernel would send a reset that can overtake
        the close frame. `close_timer` prevents uvicorn from closing when the application returns.
        """
        logger.info("closed a socket that flooded, with %s", code)
        self._pause_reading()
        self.stop_keepalive()
        self._is_hung_up = True
        self._unparsed = memoryview(b"")
        self.frames = []
        self.conn.fail(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        if not self.close_sent:
            self.close_sent = True
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self._abort_after(HANG_UP_S)

    def _abort_soon_if_unread(self) -> None:
        """Reset a closing connection if its client does not read: it would never be flushed."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._abort_after(HANG_UP_S)

    def _abort_after(self, seconds: float) -> None:
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(seconds, self.transport.abort)
