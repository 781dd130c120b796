"""The form of API keys, which secret scanners recognise: `pregao_`, 40 letters and digits, a check.

The check is a CRC-32 in six letters and digits, so that a scanner can tell a key from other text,
and a mistyped key is refused without a query.
"""

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "pregao_"
HINT_LENGTH = 12
ALPHABET = string.digits + string.ascii_letters
RANDOM_LENGTH, CHECK_LENGTH = 40, 6
_KEY = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{RANDOM_LENGTH}}})([0-9A-Za-z]{{{CHECK_LENGTH}}})")


def new_secret() -> str:
    """Return a new key; its 40 random characters have 238 bits."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return f"{PREFIX}{random}{_check(random)}"


def is_key(text: str) -> bool:
    match = _KEY.fullmatch(text)
    return match is not None and _check(match[1]) == match[2]


def digest_of(secret: str) -> str:
    """Return the stored hash. A random key needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check(random: str) -> str:
    number, text = zlib.crc32(random.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        text = ALPHABET[rest] + text
    return text
