"""A web server for tests that records requests and can misbehave; optionally with TLS."""

import datetime
import ipaddress
import ssl
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mainapp.core.tests.http.server import StubServer


class Receiver:
    """Responds with `status`, `headers` and `body`, or misbehaves according to `fault`.

    `hang` sends nothing; `drip` sends an endless body byte by byte, `drip_head` an endless header;
    `cut` closes the connection inside the announced body.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.status, self.body, self.location = 200, b"{}", ""
        self.headers: dict[str, str] = {}
        self.fault = ""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.names: list[str | None] = []
        self.ended = Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append((self.path, headers, body))
                try:
                    receiver.answer(self)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST

            def log_message(self, *args: Any) -> None:
                pass

        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            context.sni_callback = lambda sock, name, ctx: self.names.append(name)
        self._server = StubServer(Handler, tls=context)
        self.port: int = self._server.server_port

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if self.fault == "hang":
            self.ended.wait(20)
            return
        if self.fault in ("drip", "drip_head"):
            head = b"X: " if self.fault == "drip_head" else b"Content-Length: 100000\r\n\r\n"
            request.wfile.write(b"HTTP/1.1 200 OK\r\n" + head)
            while not self.ended.wait(0.05):
                request.wfile.write(b"x")
            return
        request.send_response(self.status)
        if self.location:
            request.send_header("Location", self.location)
        for name, value in self.headers.items():
            request.send_header(name, value)
        length = len(self.body) + (100 if self.fault == "cut" else 0)
        request.send_header("Content-Length", str(length))
        request.end_headers()
        request.wfile.write(self.body)
        if self.fault == "cut":
            request.close_connection = True

    def close(self) -> None:
        self.ended.set()
        self._server.stop()


def make_certificate(folder: Path, *names: str) -> Path:
    """Write a key and a self-signed certificate for `names` into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(name) for name in names]
                + [x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
