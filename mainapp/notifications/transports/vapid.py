"""The site's web push key (VAPID, RFC 8292), by which push services recognise the site.

Browsers bind each subscription to this key: with a different key all subscriptions are lost. So it
is created once, by the set-up, and read from VAPID_KEY or from DATA_DIR.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from mainapp.core.paths import absolute_url
from project.keys import VAPID_KEY_FILE, read_or_create_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

TOKEN_LIFE_S = 12 * 3600  # Apple refuses tokens of more than a day
KEY_BYTES = 32


class KeyMissing(Exception):
    """No usable key; the message is for the operator."""


def encode_base64url(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Decode base64url without padding. Raises: ValueError."""
    if not text.isascii():
        raise ValueError("not base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_path() -> Path:
    return Path(settings.DATA_DIR) / VAPID_KEY_FILE


def key_text() -> str:
    """Return the private key in base64url, or "" if there is none."""
    if settings.VAPID_KEY:
        return str(settings.VAPID_KEY)
    try:
        # Bytes that are no text make a malformed key, which is reported; they stop no page.
        return key_path().read_text(errors="replace").strip()
    except OSError:
        return ""


def create_key() -> None:
    """Create the key's file unless it exists. Raises: OSError."""
    from cryptography.hazmat.primitives.asymmetric import ec

    def create() -> str:
        value = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return encode_base64url(value.to_bytes(KEY_BYTES, "big"))

    read_or_create_key(key_path(), create)


def private_key() -> "EllipticCurvePrivateKey":
    """Return the site's key. Raises: KeyMissing."""
    from cryptography.hazmat.primitives.asymmetric import ec

    text = key_text()
    if not text:
        raise KeyMissing("there is no key of web push: restore it, or run the set-up")
    try:
        raw = decode_base64url(text)
        if len(raw) != KEY_BYTES:
            raise ValueError(text)
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    except ValueError:
        raise KeyMissing("the key of web push (VAPID_KEY) is malformed") from None


def public_key_text() -> str:
    """Return the public key in base64url, for `pushManager.subscribe`. Raises: KeyMissing."""
    return encode_base64url(public_bytes(private_key()))


def public_bytes(key: "EllipticCurvePrivateKey") -> bytes:
    """Return the uncompressed point of a key's public half."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
    )

    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def authorization(endpoint: str) -> str:
    """Return the Authorization header of a request to a push service. Raises: KeyMissing."""
    import jwt

    key, parts = private_key(), urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + TOKEN_LIFE_S,
        **({"sub": contact()} if contact() else {}),
    }
    token = jwt.encode(claims, key, algorithm="ES256")
    return f"vapid t={token}, k={encode_base64url(public_bytes(key))}"


def contact() -> str:
    """Return the operator's address for push services, or "" if the site has no public one.

    Apple refuses tokens whose contact is at `localhost`.
    """
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "." in address.rpartition("@")[2]:
        return f"mailto:{address}"
    url = absolute_url().rstrip("/")
    parts = urlsplit(url)
    return url if parts.scheme == "https" and "." in (parts.hostname or "") else ""
