"""SMTP client with RFC 5321's time-outs, which tells the site's failures from the recipient's.

With a time-out of 10 s after the final dot, a server that needs 13 s accepted the same message
about 30 times a day: each time after the client had given up.
"""

import hmac
import re
import smtplib
import socket
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn

from django.core.mail.utils import DNS_NAME
from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports.base import TransportError

CONNECT_TIMEOUT_S = 30.0  # for TCP and TLS: Postfix's default, as the RFC has none
COMMAND_TIMEOUT_S = 300.0  # RFC 5321, 4.5.3.2
FINAL_TIMEOUT_S = 600.0  # after the dot that ends the message
MAX_MESSAGES = 100  # over one connection: some servers count them
QUIT_TIMEOUT_S = 2.0  # the message is already accepted

NO_SERVER = _("o site não conseguiu se conectar ao servidor de e-mail")
NO_TLS = _("o site não conseguiu uma conexão segura com o servidor de e-mail")
NO_LOGIN = _("o site não pôde entrar no servidor de e-mail")
NO_SENDER = _("o servidor de e-mail não aceita o remetente do site")
REFUSES_SITE = _("o servidor de e-mail recusa as mensagens do site")
UNKNOWN = _("a conexão caiu depois do envio: não se sabe se a mensagem chegou")

OK, FORWARDED, SEND_MESSAGE, CHALLENGE = 250, 251, 354, 334
LOGGED_IN = (235, 503)  # 503: already logged in
CLOSING = 421
MAX_CHALLENGES = 5

# Codes by which servers refuse an address or a mailbox. The others refuse the site: a command, the
# sender, the log-in (530 to 539) or everything (554).
MAILBOX_CODES = (550, 551, 552, 553)
# Enhanced codes (RFC 3463): 5.1.7 and 5.1.8 are about the sender, 5.7 about permissions.
ENHANCED = re.compile(r"5\.(?P<subject>\d{1,3})\.(?P<detail>\d{1,3})\b")
SENDER_DETAILS = ("7", "8")
RECIPIENT_SUBJECTS = ("1", "2", "4")
# Words in replies without an enhanced code: some servers check the sender only after RCPT.
ABOUT_US = re.compile(
    r"\b(senders?|relay\w*|authenticat\w*|log ?in|helo|ehlo|spf|dkim|dmarc|spam|block(ed|list\w*)"
    r"|blacklist\w*|client host|reputation)\b",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server; `security` is `none`, `starttls` or `tls` (from the first byte)."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "none"


def send(server: Server, *, sender: str, recipient: str, content: bytes) -> None:
    """Deliver a message (in RFC 5322's format, with CRLF line ends) to one recipient.

    Raises: TransportError, with `is_unknown` if the connection fails after the whole message was
    sent.
    """
    connection = _connect(server)
    try:
        _deliver(connection, sender, recipient, content)
    finally:
        _close(connection)


def check(server: Server) -> None:
    """Connect, start TLS and log in, as for a message, but send none. Raises: TransportError."""
    _close(_connect(server))


class PersistentConnection:
    """A connection that is kept for further messages, for one thread at a time.

    It is opened again after MAX_MESSAGES, after a failure, and if the server closed it.
    """

    def __init__(self) -> None:
        self._connection: Any = None
        self._messages = 0

    def send(self, server: Server, *, sender: str, recipient: str, content: bytes) -> None:
        """Deliver a message to one recipient. Raises: TransportError, as `send` does."""
        if not self._is_usable():
            self.close()
            self._connection = _connect(server)
        self._messages += 1
        try:
            _deliver(self._connection, sender, recipient, content)
        except TransportError as error:
            if error.is_ours or error.is_unknown:
                self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            _close(self._connection)
        self._connection, self._messages = None, 0

    def _is_usable(self) -> bool:
        """Reset the session after its last message; return whether it takes another."""
        if self._connection is None or self._messages >= MAX_MESSAGES:
            return False
        try:
            code, _reply = self._connection.rset()
        except (smtplib.SMTPException, OSError):
            return False
        return bool(code == OK)


def _deliver(connection: Any, sender: str, recipient: str, content: bytes) -> None:
    try:
        _offer(connection, sender, recipient, content)
    except (smtplib.SMTPException, OSError) as error:
        _fail(NO_SERVER, error)
    # The dot that ends the message is sent by now.
    connection.sock.settimeout(FINAL_TIMEOUT_S)
    try:
        code, reply = connection.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise TransportError(UNKNOWN, is_unknown=True, detail=_text(error)) from error
    if code < 0:
        raise TransportError(UNKNOWN, is_unknown=True, detail=_text(reply))
    connection.sock.settimeout(COMMAND_TIMEOUT_S)
    if code != OK:
        raise _refusal(code, _text(reply))


def _connect(server: Server) -> Any:
    """Open a connection, with TLS and a log-in. Raises: TransportError."""
    connection = _open(server)
    try:
        if server.security == "starttls":
            _start_tls(connection)
        if server.user:
            _log_in(connection, server)
    except BaseException:
        _close(connection)
        raise
    return connection


def _open(server: Server) -> Any:
    create: Callable[..., Any] = _Connection
    options: dict[str, Any] = {}
    if server.security == "tls":
        create, options = _TlsConnection, {"context": ssl.create_default_context()}
    try:
        connection = create(server.host, server.port, local_hostname=DNS_NAME.get_fqdn(), **options)
    except ssl.SSLError as error:
        _fail(NO_TLS, error)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        _fail(NO_SERVER, error)
    try:
        connection.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError) as error:
        connection.close()
        _fail(NO_SERVER, error)
    return connection


def _start_tls(connection: Any) -> None:
    try:
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError) as error:
        _fail(NO_TLS, error)


def _log_in(connection: Any, server: Server) -> None:
    try:
        connection.login(server.user, server.password)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        _fail(NO_LOGIN, error)


def _close(connection: Any) -> None:
    with suppress(smtplib.SMTPException, OSError):
        if connection.sock:
            connection.sock.settimeout(QUIT_TIMEOUT_S)
            connection.quit()
    connection.close()


def _offer(connection: Any, sender: str, recipient: str, content: bytes) -> None:
    """Send envelope and message. Raises: TransportError if the server refuses either."""
    options = ["body=8bitmime"] if connection.has_extn("8bitmime") else []
    if connection.has_extn("size"):
        options.append(f"size={len(content)}")
    code, reply = connection.mail(sender, options)
    if code != OK:
        raise _our_failure(NO_SENDER, code, _text(reply))
    code, reply = connection.rcpt(recipient)
    if code not in (OK, FORWARDED):
        raise _refusal(code, _text(reply))
    code, reply = connection.docmd("DATA")
    if code != SEND_MESSAGE:
        raise _refusal(code, _text(reply))
    # A line that begins with a dot gets a second one.
    connection.send(re.sub(rb"(?m)^\.", b"..", content.rstrip(b"\r\n")) + b"\r\n.\r\n")


def _refusal(code: int, reply: str) -> TransportError:
    """Return the error for a server's refusal of the recipient or of the message."""
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR and _is_about_us(code, reply):
        return _our_failure(REFUSES_SITE, code, reply)
    return TransportError(f"{code} {reply}", permanent=500 <= code < 600)


def _is_about_us(code: int, reply: str) -> bool:
    """Return whether a 5xx reply refuses the site rather than the recipient."""
    if enhanced := ENHANCED.match(reply):
        if enhanced["subject"] not in RECIPIENT_SUBJECTS:
            return True
        return enhanced["subject"] == "1" and enhanced["detail"] in SENDER_DETAILS
    return code not in MAILBOX_CODES or bool(ABOUT_US.search(reply))


def _our_failure(text: str, code: int, reply: str) -> TransportError:
    return TransportError(text, is_ours=True, detail=f"{code} {reply}")


def _fail(text: str, error: Exception) -> NoReturn:
    raise TransportError(text, is_ours=True, detail=_text(error)) from error


def _text(value: Any) -> str:
    if isinstance(value, smtplib.SMTPResponseException):
        return f"{value.smtp_code} {_text(value.smtp_error)}"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value) or type(value).__name__


class _Session:
    """Adds time-outs, and AUTH in UTF-8 (RFC 4616, RFC 4954), as smtplib's is limited to ASCII."""

    sock: Any
    user: str
    password: str
    docmd: Callable[..., tuple[int, bytes]]

    def auth(
        self, mechanism: str, authobject: Any, *, initial_response_ok: bool = True
    ) -> tuple[int, bytes]:
        first = authobject() if initial_response_ok else None
        command = mechanism.upper() if first is None else f"{mechanism.upper()} {_base64(first)}"
        code, reply = self.docmd("AUTH", command)
        self._auth_challenge_count = 0 if first is None else 1
        while code == CHALLENGE and self._auth_challenge_count < MAX_CHALLENGES:
            self._auth_challenge_count += 1
            code, reply = self.docmd(_base64(authobject(b64decode(reply))))
        if code not in LOGGED_IN:
            raise smtplib.SMTPAuthenticationError(code, reply)
        return code, reply

    def auth_cram_md5(self, challenge: Any = None) -> Any:
        if challenge is None:
            return None
        return f"{self.user} {hmac.new(self.password.encode(), challenge, 'md5').hexdigest()}"

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened: socket.socket = super()._get_socket(  # type: ignore[misc] # of smtplib's class
            host, port, CONNECT_TIMEOUT_S
        )
        opened.settimeout(COMMAND_TIMEOUT_S)
        return opened


class _Connection(_Session, smtplib.SMTP):
    pass


class _TlsConnection(_Session, smtplib.SMTP_SSL):
    pass


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
