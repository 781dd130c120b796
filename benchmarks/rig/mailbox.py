"""A mail server in a separate process: `python -m benchmarks.rig.mailbox <port> <file>`.

For each mail it writes a line to the file, with recipient and Message-ID, before it answers 250.
"""

import asyncio
import os
import sys
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP


class Mailbox:
    """Records the recipients and ids of the e-mails."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content)
        os.write(self._file, f"{envelope.rcpt_tos[0]} {message['Message-ID']}\n".encode())
        return "250 OK"


async def main(port: int, path: str) -> None:
    mailbox = Mailbox(path)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="localhost"), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
