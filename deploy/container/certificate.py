"""Make a certificate for the proxy that signs itself, unless the folder already has one.

`certificate.py FOLDER` writes fullchain.pem and privkey.pem for the first of ALLOWED_HOSTS.
"""

import ipaddress
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

LIFE = timedelta(days=3650)


def main() -> None:
    folder = Path(sys.argv[1])
    if (folder / "fullchain.pem").exists() and (folder / "privkey.pem").exists():
        return
    hosts = [
        host for part in os.environ.get("ALLOWED_HOSTS", "").split(",") if (host := part.strip())
    ]
    try:
        make_certificate(folder, hosts or ["localhost"])
    except OSError as error:
        sys.exit(f"pregao: no certificate in {folder} ({error.strerror})")


def make_certificate(folder: Path, hosts: list[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(
            x509.SubjectAlternativeName([name_of(host) for host in hosts]), critical=False
        )
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(folder / "privkey.pem", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(pem)
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))


def name_of(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(f"*{host}" if host.startswith(".") else host)


if __name__ == "__main__":
    main()
