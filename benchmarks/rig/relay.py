"""A relay of TCP connections with a delay in each direction, which netem would make elsewhere.

`python -m benchmarks.rig.relay <port> <host> <port>` listens on loopback. Each line of its standard
input is the delay in milliseconds from then on.
"""

import asyncio
import sys


class Delay:
    """The delay for all connections."""

    seconds = 0.0


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction; each piece leaves at the time at which it came, plus the delay."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
    sending = loop.create_task(_send(pieces, writer))
    try:
        while piece := await reader.read(65536):
            await pieces.put((loop.time() + Delay.seconds, piece))
    except OSError:
        pass
    await pieces.put((0.0, b""))
    await sending


async def _send(pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    try:
        while True:
            due, piece = await pieces.get()
            if not piece:
                break
            await asyncio.sleep(due - loop.time())
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(port: int, host: str, target: int) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, requests = await asyncio.open_connection(host, target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, requests), carry(answers, writer))

    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async with await asyncio.start_server(accept, "127.0.0.1", port):
        while line := await commands.readline():
            Delay.seconds = float(line) / 1000


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
