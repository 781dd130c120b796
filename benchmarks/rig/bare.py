"""A bare picows server that sends the same frames to the same sockets, without a framework.

Reads JSON commands from its standard input (`benchmarks.rig.processes.Worker`).
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

import picows
import uvloop

watchers: dict[str, set[Any]] = defaultdict(set)


class Listener(picows.WSListener):  # type: ignore[misc, unused-ignore] # picows, where it is installed, has types
    def __init__(self, symbols: list[str]) -> None:
        self.symbols = symbols

    def on_ws_connected(self, transport: Any) -> None:
        self.transport = transport
        for symbol in self.symbols:
            watchers[symbol].add(transport)
        transport.send(picows.WSMsgType.TEXT, b'{"type":"snapshot"}')

    def on_ws_disconnected(self, transport: Any) -> None:
        for symbol in self.symbols:
            watchers[symbol].discard(transport)


def accept(request: Any) -> Listener:
    return Listener(parse_qs(urlsplit(request.path.decode()).query)["stockpicker"])


def broadcast(seq: int, fragments: dict[str, str]) -> None:
    parts: dict[Any, list[str]] = defaultdict(list)
    for symbol, fragment in fragments.items():
        for transport in watchers[symbol]:
            parts[transport].append(fragment)
    head = f'{{"type":"update","seq":{seq},"quotes":{{'
    for transport, own in parts.items():
        transport.send(picows.WSMsgType.TEXT, (head + ",".join(own) + "}}").encode())


async def main() -> None:
    server = await picows.ws_create_server(accept, "127.0.0.1", 0)
    reader = asyncio.StreamReader(limit=2**24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        answer: dict[str, Any] = {"port": server.sockets[0].getsockname()[1]}
        if command["do"] == "publish":
            answer = {"seq": command["seq"], "at": time.monotonic_ns()}
            broadcast(command["seq"], command["fragments"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
