"""Encryption of secrets in the database, with a key separate from SECRET_KEY.

The key is MFA_KEY, or the file beside the secret key in DATA_DIR, which `setup` creates. A dump of
the database contains only encrypted secrets. MFA_KEY_FALLBACKS decrypt what earlier keys encrypted;
the command `reseal_second_factors` encrypts it again with the current key.
"""

import hashlib
import logging
import secrets
from base64 import urlsafe_b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError
from project.keys import MFA_KEY_FILE, read_or_create_key

logger = logging.getLogger(__name__)


class KeyLost(DomainError):
    """No key decrypts the secret: it was encrypted with another key, or there is no key."""

    def __init__(self) -> None:
        super().__init__(
            "unavailable",
            _(
                "O servidor não consegue ler o segundo fator desta conta: a chave que o protege "
                "mudou. Fale com quem administra este servidor."
            ),
        )


def key_path() -> Path:
    return Path(settings.DATA_DIR) / MFA_KEY_FILE


def key_text() -> str:
    """Return the key, or "" if there is none."""
    if settings.MFA_KEY:
        return str(settings.MFA_KEY)
    try:
        return key_path().read_text(errors="replace").strip()
    except OSError:
        return ""


def create_key() -> None:
    """Create the key file unless it exists. Raises: OSError."""
    read_or_create_key(key_path(), lambda: secrets.token_urlsafe(50))


def seal(text: str) -> str:
    """Return the text, encrypted and authenticated with the current key. Raises: KeyLost."""
    if not key_text():
        raise KeyLost
    return _cipher(key_text()).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the text that `seal` encrypted with the current or an earlier key. Raises: KeyLost."""
    if (text := _opened(sealed)) is not None:
        return text
    logger.error(
        "a second factor cannot be read: neither MFA_KEY nor MFA_KEY_FALLBACKS opens it; "
        "`restore --keys FILE` or MFA_KEY brings the key back"
    )
    raise KeyLost


def opens(sealed: str) -> bool:
    """Return whether the current or an earlier key opens a sealed text."""
    return _opened(sealed) is not None


def _opened(sealed: str) -> str | None:
    for cipher in _ciphers():
        try:
            return cipher.decrypt(sealed.encode()).decode()
        except InvalidToken:
            continue
    return None


def is_sealed_by_current_key(sealed: str) -> bool:
    try:
        _cipher(key_text()).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _ciphers() -> list[Fernet]:
    """Return the ciphers of the current key, if there is one, and of the earlier ones."""
    return [_cipher(text) for text in (key_text(), *settings.MFA_KEY_FALLBACKS) if text]


@lru_cache(maxsize=16)
def _cipher(text: str) -> Fernet:
    """Return the cipher of a key of any length."""
    return Fernet(urlsafe_b64encode(hashlib.sha256(f"second factors {text}".encode()).digest()))
