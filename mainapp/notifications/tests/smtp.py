"""A real SMTP server for tests that records messages and can refuse, hang, encrypt and log in."""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.test import override_settings

HOST = "127.0.0.2"  # the IP address in the certificates of `make_certificate`


class Mailbox:
    """The received messages, and the server's behaviour.

    `answers` maps recipients to replies that replace 250; recipients in `hanging` get the reply 450
    once `released` is set. `sender_answer` replaces the 250 for the sender. The dot that ends a
    message is answered once `accepts` is set; for the first `lost` messages the connection ends
    there instead. If `quits` is false, QUIT gets no reply.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.sender_answer = "250 OK"
        self.final_answer = "250 OK"
        self.hanging: set[str] = set()
        self.released = Event()
        self.tries: list[str] = []
        self.accepts = Event()
        self.accepts.set()
        self.lost = 0
        self.logins: list[tuple[str, str]] = []
        self.quits = True

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return self.sender_answer

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        self.tries.append(address)
        if address in self.hanging:
            await asyncio.get_running_loop().run_in_executor(None, self.released.wait, 10)
            return "450 later"
        if answer := self.answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        if self.lost:
            self.lost -= 1
            server.transport.abort()
        elif not self.accepts.is_set():
            await asyncio.get_running_loop().run_in_executor(None, self.accepts.wait, 10)
        return self.final_answer

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        if not self.quits:
            await server.loop.create_future()
        return "221 Bye"


@contextmanager
def smtp_server(
    security: str = "none",
    *,
    certificate: Path | None = None,
    logins: Mapping[str, str] | None = None,
    mechanism: str = "",
) -> Iterator[Mailbox]:
    """Run an SMTP server on a free port, and configure the outbox to send to it.

    With `logins` (passwords by user), it offers AUTH, by `mechanism` alone if one is given.
    """
    mailbox = Mailbox()
    options: dict[str, Any] = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options["ssl_context" if security == "tls" else "tls_context"] = context
    if logins is not None:
        options |= _auth_options(mailbox, logins, mechanism)
    controller = Controller(mailbox, hostname=HOST, port=free_port(), **options)
    controller.start()
    try:
        with override_settings(
            EMAIL_HOST=HOST, EMAIL_PORT=controller.port, EMAIL_SECURITY=security
        ):
            yield mailbox
    finally:
        mailbox.accepts.set()
        mailbox.released.set()
        controller.stop()


def _auth_options(mailbox: Mailbox, logins: Mapping[str, str], mechanism: str) -> dict[str, Any]:
    def log_in(server: Any, session: Any, envelope: Any, name: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        mailbox.logins.append((user, password))
        return AuthResult(success=logins.get(user) == password, handled=False)

    excluded = {"PLAIN", "LOGIN"} - {mechanism} if mechanism else set()
    return {
        "authenticator": log_in,
        "auth_require_tls": False,
        "auth_exclude_mechanism": excluded,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
