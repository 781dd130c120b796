"""Signatures of data that the processes of a site exchange through Redis.

The keys are derived from SECRET_KEY: without it, someone who can write to Redis can neither end
log-ins nor act as another user.
"""

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings

SIZE = 16


class Forged(ValueError):
    """Raised for data without a valid signature."""


def sign(data: bytes, *, purpose: str) -> bytes:
    """Return the signature, which is valid for that purpose only, followed by the data."""
    return _signature(data, settings.SECRET_KEY, purpose) + data


def verified(data: bytes, *, purpose: str) -> bytes:
    """Return the data without its signature. Raises: Forged."""
    signature, content = data[:SIZE], data[SIZE:]
    keys = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
    if any(hmac.compare_digest(signature, _signature(content, key, purpose)) for key in keys):
        return content
    raise Forged(f"no valid signature on {len(data)} bytes for {purpose}")


def _signature(data: bytes, secret: str, purpose: str) -> bytes:
    # BLAKE2 has a keyed mode, which takes a tenth of HMAC's time for short messages.
    return hashlib.blake2b(data, key=_key(secret, purpose), digest_size=SIZE).digest()


@lru_cache(maxsize=64)
def _key(secret: str, purpose: str) -> bytes:
    return hashlib.sha256(f"signature {purpose} {secret}".encode()).digest()
