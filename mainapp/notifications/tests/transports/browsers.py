"""A browser's side of web push: its keys, and the decryption of what the site sends (RFC 8291)."""

import hashlib
import hmac
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mainapp.notifications.transports.vapid import decode_base64url, encode_base64url, public_bytes

HOST = "push.example"
AUTH = b"0123456789abcdef"


class PushBrowser:
    """A browser with a subscription at the push service `HOST`."""

    def __init__(self, name: str = "one", scalar: int = 0x1234567, secret: bytes = AUTH) -> None:
        self._key, self._secret = ec.derive_private_key(scalar, ec.SECP256R1()), secret
        self.endpoint = f"https://{HOST}/send/{name}"
        self.p256dh = encode_base64url(public_bytes(self._key))
        self.auth = encode_base64url(secret)

    @property
    def keys(self) -> str:
        return f"{self.p256dh}.{self.auth}"

    def decrypt(self, body: bytes) -> bytes:
        salt, size = body[:16], body[20]
        point, sealed = body[21 : 21 + size], body[21 + size :]
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = self._key.exchange(ec.ECDH(), sender)
        info = b"WebPush: info\0" + public_bytes(self._key) + point
        material = _derive(self._secret, shared, info, 32)
        key = _derive(salt, material, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derive(salt, material, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        assert plain.endswith(b"\x02")
        return plain[:-1]

    def payload(self, body: bytes) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.decrypt(body))
        return shown


def claims_of(header: str) -> dict[str, Any]:
    """Return the claims of an Authorization header, whose signature is checked."""
    token, key = header.removeprefix("vapid t=").split(", k=")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode_base64url(key))
    claims: dict[str, Any] = jwt.decode(
        token, public, algorithms=["ES256"], options={"verify_aud": False}
    )
    return claims


def _derive(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    """Return one block of HKDF (RFC 5869), written apart from the code that it checks."""
    secret = hmac.new(salt, material, hashlib.sha256).digest()
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:length]
