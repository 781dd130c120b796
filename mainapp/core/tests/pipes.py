"""The server's side of a socket whose client can stop reading."""

import asyncio


class Pipe:
    """Collects the sent frames; sending blocks while the client does not read."""

    def __init__(self):
        self.sent = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.error = None

    def try_send(self, frame):
        if self.error or not self.reads.is_set():
            return False
        self.sent.append(frame.decode())
        return True

    async def send(self, message):
        await self.reads.wait()
        if self.error:
            raise self.error
        assert message["type"] == "websocket.send"
        self.sent.append(message["text"])

    def stop(self):
        self.reads.clear()

    async def resume(self):
        self.reads.set()
        await settle()


async def settle():
    """Let all ready tasks run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until(condition, timeout_s=5.0):
    """Poll a condition at increasing intervals. Raises: TimeoutError."""
    pause_s = 0.001
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 0.01)
