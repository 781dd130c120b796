"""Web push: encrypted messages to one browser (RFC 8030, 8188 and 8291).

The address is the endpoint that the browser got from its vendor's push service, a URL to keep
private; the secret is `p256dh.auth`, the keys with which only this browser can decrypt. pywebpush
is not used, because its dependency http-ece has no wheel.
"""

import json
import os
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop as _

from mainapp.core.http import AddressError, AddressPolicy, HttpClient, Reply, check_url
from mainapp.notifications.transports.base import Message, Target, TransportError
from mainapp.notifications.transports.posting import invalid, is_success, post, refusal
from mainapp.notifications.transports.text import cut
from mainapp.notifications.transports.vapid import (
    KeyMissing,
    authorization,
    decode_base64url,
    encode_base64url,
    public_bytes,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

TTL_S = 12 * 3600  # after this a phone that was off shows the notification on the site only
# Bytes of JSON: with the links, the payload stays below 3,000. Push services accept 3,993.
MAX_TITLE, MAX_BODY = 300, 1200
RECORD_SIZE = 4096
POINT_BYTES, AUTH_BYTES = 65, 16
GONE = _("este aparelho não recebe mais notificações: ligue-as nele outra vez")
NO_KEY = _("falta a chave com que o site assina as notificações")


class PushTransport:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def check(self, address: str, secret: str = "") -> Target:
        try:
            parts = check_url(address, self._client.policy or AddressPolicy())
        except AddressError as error:
            raise invalid(str(error)) from error
        _public_key(_browser_keys(secret)[0])
        return Target(parts.geturl(), secret)

    def send(self, message: Message) -> None:
        target = self.check(message.address, message.secret)
        body = encrypt(build_payload(message), target.secret)
        try:
            token = authorization(target.address)
        except KeyMissing as error:
            raise TransportError(NO_KEY, is_ours=True, detail=str(error)) from error
        headers = {
            "Authorization": token,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_S),
            "Urgency": message.headers.get("urgency", "normal"),
        }
        if message.headers.get("topic"):
            headers["Topic"] = topic_header(message.headers["topic"])
        reply = post(self._client, target.address, content=body, headers=headers)
        if not is_success(reply):
            raise _refusal(reply)


def build_payload(message: Message) -> bytes:
    """Return the JSON for the service worker (js/core/worker.js), at most 3,000 bytes."""
    fields: dict[str, Any] = {
        "title": cut(message.subject, limit=MAX_TITLE, measure=_json_length),
        "body": cut(message.text, limit=MAX_BODY, measure=_json_length),
        "url": message.url,
        "tag": message.headers.get("topic", ""),
        "silence": message.headers.get("silence", ""),
        "silence_label": message.headers.get("silence_label", ""),
        "silenced": message.headers.get("silenced", ""),
    }
    payload = {name: value for name, value in fields.items() if value}
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", errors="replace")


def _json_length(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", errors="replace")) - 2


def topic_header(topic: str) -> str:
    """Return a Topic of 32 characters; a message replaces undelivered ones of the same topic."""
    return encode_base64url(sha256(topic.encode()).digest()[:24])


def encrypt(
    payload: bytes,
    secret: str,
    *,
    salt: bytes | None = None,
    key: "EllipticCurvePrivateKey | None" = None,
) -> bytes:
    """Return the body of a push message (RFC 8291). Only tests pass `salt` and `key`.

    Raises: TransportError for malformed keys.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    point, auth = _browser_keys(secret)
    browser = _public_key(point)
    key = key or ec.generate_private_key(ec.SECP256R1())
    own_point, salt = public_bytes(key), salt or os.urandom(16)
    shared = key.exchange(ec.ECDH(), browser)
    ikm = _hkdf(shared, salt=auth, info=b"WebPush: info\0" + point + own_point, length=32)
    content_key = _hkdf(ikm, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _hkdf(ikm, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    head = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(own_point)]) + own_point
    return head + AESGCM(content_key).encrypt(nonce, payload + b"\x02", None)


def _hkdf(material: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)


def _browser_keys(secret: str) -> tuple[bytes, bytes]:
    """Return a browser's public point and its authentication secret. Raises: TransportError."""
    try:
        point, auth = (decode_base64url(part) for part in secret.split("."))
    except ValueError:
        point = auth = b""
    if len(point) != POINT_BYTES or point[0] != 4 or len(auth) != AUTH_BYTES:
        raise invalid(_("as chaves deste navegador não valem"))
    return point, auth


def _public_key(point: bytes) -> "EllipticCurvePublicKey":
    """Return a browser's public key. Raises: TransportError for a point off the curve."""
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise invalid(_("as chaves deste navegador não valem")) from None


def _refusal(reply: Reply) -> TransportError:
    """Return the error for a refusal, without the service's own words."""
    if reply.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return TransportError(GONE, permanent=True, is_gone=True)
    error = refusal(reply)
    # These statuses refuse the site's token, not the device.
    error.is_ours = reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return error
