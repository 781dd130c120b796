"""Webhooks: a signed POST of JSON to an address of the user's own.

    POST /… HTTP/1.1
    Content-Type: application/json
    X-Pregao-Delivery: <id@domain>            the same however often it is tried
    X-Pregao-Signature: t=1767225600,v1=<hex>

    {"id": "<id@domain>", "title": …, "text": …, "url": …, "created_at": "2026-01-01T00:00:00Z"}

`v1` is the HMAC-SHA256, under the channel's secret, of the number after `t=`, a full stop, and the
body as it was sent. Who checks it also refuses a `t` (seconds since 1970) of long ago. Any 2xx
answer says that it arrived; redirects are not followed.
"""

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports.addresses import (
    MayContact,
    check_host,
    is_public,
    public_address,
)
from mainapp.notifications.transports.base import Parcel, TransportError

TIMEOUT_S = 5.0
MAX_ANSWER = 4096
MAX_ADDRESS = 500
PORTS = {"http": 80, "https": 443}
GONE = 410


class WebhookTransport:
    """Posts to public addresses only; `may_contact` and `ports` are given by tests alone."""

    def __init__(
        self,
        *,
        allow_http: bool,
        may_contact: MayContact = is_public,
        ports: frozenset[int] = frozenset(PORTS.values()),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._schemes = {"https", "http"} if allow_http else {"https"}
        self._may_contact = may_contact
        self._ports = ports
        self._tls = tls or ssl.create_default_context()

    def check(self, address: str) -> str:
        return self._split(address).geturl()

    def send(self, parcel: Parcel) -> None:
        parts = self._split(parcel.address)
        port = parts.port or PORTS[parts.scheme]
        host = str(parts.hostname)
        body = body_of(parcel)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "User-Agent": "Pregao-Webhook",
            "X-Pregao-Delivery": parcel.message_id,
            "X-Pregao-Signature": signature(parcel.secret, body, at=int(time.time())),
            "Connection": "close",
        }
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        pinned = public_address(host, port, self._may_contact)
        tls = self._tls if parts.scheme == "https" else None
        try:
            with _until(_Connection(host, port, pinned, tls)) as connection:
                connection.request("POST", target, body, headers)
                answer = connection.getresponse()
                answer.read(MAX_ANSWER)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TransportError(str(error) or type(error).__name__) from error
        if not 200 <= answer.status < 300:
            is_over = answer.status == GONE or 300 <= answer.status < 400
            raise TransportError(f"{answer.status} {answer.reason}", permanent=is_over)

    def _split(self, address: str) -> SplitResult:
        if len(address) > MAX_ADDRESS or not all("!" <= character <= "~" for character in address):
            raise TransportError(_("isto não é um endereço"), permanent=True)
        try:
            parts = urlsplit(address)
            port, host = parts.port, parts.hostname
        except ValueError:
            raise TransportError(_("isto não é um endereço"), permanent=True) from None
        if parts.scheme not in self._schemes or not host or parts.fragment:
            raise TransportError(_("o endereço precisa começar com https://"), permanent=True)
        if "@" in parts.netloc or "\\" in address:
            raise TransportError(_("nome ou senha no endereço não são aceitos"), permanent=True)
        if (PORTS[parts.scheme] if port is None else port) not in self._ports:
            raise TransportError(_("esta porta não é aceita"), permanent=True)
        if self._may_contact is is_public:
            check_host(host)
        return parts


def body_of(parcel: Parcel) -> bytes:
    created_at = parcel.created_at.astimezone(UTC).isoformat(timespec="seconds")
    return json.dumps(
        {
            "id": parcel.message_id,
            "title": parcel.subject,
            "text": parcel.text,
            "url": parcel.url,
            "created_at": created_at.replace("+00:00", "Z"),
        },
        ensure_ascii=False,
    ).encode()


def signature(secret: str, body: bytes, *, at: int) -> str:
    """Return the value of X-Pregao-Signature; `at` in seconds since 1970."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class _Connection(http.client.HTTPConnection):
    """To an address that was checked, under the name that it was checked for."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_S)
        if self._tls:
            self.sock = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()


@contextmanager
def _until(connection: _Connection) -> Iterator[_Connection]:
    """End a connection after TIMEOUT_S in all, however slowly the other side sends."""
    ended = Event()

    def end() -> None:
        ended.set()
        if connection.sock is not None:
            try:
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself

    timer = Timer(TIMEOUT_S, end)
    timer.start()
    try:
        yield connection
        if ended.is_set():  # what was cut off there may look whole
            raise TimeoutError("timed out")
    finally:
        timer.cancel()
        connection.close()
