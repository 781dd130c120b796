"""Queries of API keys."""

from datetime import datetime

from django.db.models import QuerySet

from mainapp.accounts.models import User
from mainapp.api.models import ApiKey
from mainapp.api.names import digest_of, is_key


def keys_of(user: User) -> QuerySet[ApiKey]:
    """Return a user's keys, the newest first, expired ones included."""
    return ApiKey.objects.filter(user=user)


def valid_key(secret: str, *, at: datetime) -> ApiKey | None:
    """Return the unexpired key of an active user, with its user; None for any other. One query."""
    if not is_key(secret):
        return None
    keys = ApiKey.objects.select_related("user").filter(user__is_active=True, expires_at__gt=at)
    return keys.filter(digest=digest_of(secret)).first()
