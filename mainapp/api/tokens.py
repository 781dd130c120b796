"""Token classes whose signatures stay valid while SECRET_KEY is being replaced."""

from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

ALGORITHM = "HS256"


class ReplaceableKeyBackend(TokenBackend):
    """Signs with SECRET_KEY, and also accepts signatures by SECRET_KEY_FALLBACKS."""

    def __init__(self) -> None:
        super().__init__(ALGORITHM, signing_key(settings.SECRET_KEY))

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """Return the claims. Raises: TokenBackendError."""
        try:
            return super().decode(token, verify)
        except TokenBackendExpiredToken:
            raise
        except TokenBackendError:
            for secret in settings.SECRET_KEY_FALLBACKS:
                try:
                    return _older_backend(str(secret)).decode(token, verify)
                except TokenBackendError:
                    continue
            raise


def signing_key(secret: str) -> str:
    """Return a key derived from a secret; it is long enough for any secret."""
    return sha256(f"tokens {secret}".encode()).hexdigest()


@lru_cache(maxsize=8)
def _older_backend(secret: str) -> TokenBackend:
    return TokenBackend(ALGORITHM, signing_key(secret))


class Access(AccessToken):
    _token_backend = ReplaceableKeyBackend()


class Refresh(RefreshToken):
    _token_backend = Access._token_backend
    access_token_class = Access
