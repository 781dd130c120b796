"""A hostile client with one anonymous socket at a time.

Commands: `start` (`kind`, `port`) attacks until `stop`, which answers the number of bytes sent, the
number of times that the server closed the socket, and its close codes.
"""

import itertools
import json
import socket
import sys
from collections import Counter
from threading import Event, Thread

PATH = "/ws/stock/track/?stockpicker=PETR4"
RECONNECT_S = 0.1
BLOCK_BYTES = 256 * 1024
TEXT, CONTINUATION, PING, PONG, FIN = 0x01, 0x00, 0x09, 0x0A, 0x80


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """Return a masked frame; the mask is 0, which leaves the payload unchanged."""
    size = len(payload)
    head = bytes((opcode | (FIN if fin else 0),))
    if size < 126:
        head += bytes((0x80 | size,))
    elif size < 65536:
        head += bytes((0x80 | 126,)) + size.to_bytes(2, "big")
    else:
        head += bytes((0x80 | 127,)) + size.to_bytes(8, "big")
    return head + bytes(4) + payload


def block(part: bytes, first: bytes = b"") -> bytes:
    return first + part * max(1, BLOCK_BYTES // len(part))


SUBSCRIBE = json.dumps({"type": "subscribe", "symbols": ["PETR4", "VALE3", "ITUB4"]}).encode()
BEGIN = frame(TEXT, b"x", fin=False)
# By name: the first bytes, the bytes repeated without end, and whether answers are read.
ATTACKS: dict[str, tuple[bytes, bytes, bool]] = {
    "empty pings, unread": (b"", block(frame(PING)), False),
    "long pings, unread": (b"", block(frame(PING, b"x" * 125)), False),
    "long pings, read": (b"", block(frame(PING, b"x" * 125)), True),
    "unsolicited pongs": (b"", block(frame(PONG)), True),
    "empty fragments": (BEGIN, block(frame(CONTINUATION, fin=False)), True),
    "tiny fragments": (BEGIN, block(frame(CONTINUATION, b"x", fin=False)), True),
    "tiny messages": (b"", block(frame(TEXT, b"{}")), True),
    "subscriptions, unread": (b"", block(frame(TEXT, SUBSCRIBE)), False),
    "messages of 1 MiB": (b"", frame(TEXT, b"x" * 1_048_000), True),
}


class Attack:
    def __init__(self, kind: str, port: int) -> None:
        self._first, self._part, self._is_reading = ATTACKS[kind]
        self._port = port
        self._ended = Event()
        self.sent, self.closed = 0, 0
        self.codes: Counter[str] = Counter()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, object]:
        self._ended.set()
        self._thread.join(5)
        return {"sent": self.sent, "closed": self.closed, "codes": self.codes}

    def _run(self) -> None:
        while not self._ended.is_set():
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as client:
                reading = Thread(target=self._read, args=(client,), daemon=True)
                try:
                    self._open(client)
                    if self._is_reading:
                        reading.start()
                    self._send_on(client)
                except OSError:
                    self.closed += 1
                if not self._is_reading:
                    self._read(client)
                elif reading.is_alive():
                    reading.join(1)
            self._ended.wait(RECONNECT_S)

    def _open(self, client: socket.socket) -> None:
        client.sendall(
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = client.recv(1)
            if not part:
                raise ConnectionError("no handshake")
            answer += part
        if b" 101 " not in answer:
            self.codes[answer.split(b" ")[1].decode()] += 1
            raise ConnectionError("refused")

    def _send_on(self, client: socket.socket) -> None:
        for part in itertools.chain((self._first,), itertools.repeat(self._part)):
            unsent = memoryview(part)
            while unsent:
                if self._ended.is_set():
                    return
                try:
                    done = client.send(unsent)
                except TimeoutError:  # the server does not read
                    continue
                self.sent += done
                unsent = unsent[done:]

    def _read(self, client: socket.socket) -> None:
        """Read until the end, and count the code of a close frame there."""
        last = b""
        try:
            while part := client.recv(65536):
                last = (last + part)[-64:]
        except OSError:
            pass
        at = last.rfind(b"\x88\x02")
        if at >= 0:
            self.codes[str(int.from_bytes(last[at + 2 : at + 4], "big"))] += 1


def main() -> None:
    attack: Attack | None = None
    for line in sys.stdin:
        command = json.loads(line)
        answer: object = {}
        if command["do"] == "start":
            attack = Attack(command["kind"], command["port"])
        elif attack is not None:
            answer = attack.stop()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
