"""Queries of API keys, and their table in the data export."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from mainapp.accounts.models import User
from mainapp.accounts.personal_data import Row, Table
from mainapp.api.models import ApiKey
from mainapp.api.names import digest_of, is_key

COLUMNS = ("name", "hint", "scopes", "created_at", "expires_at", "last_used_at")


def keys_of(user: User) -> QuerySet[ApiKey]:
    """Return a user's keys, the newest first, expired ones included."""
    return ApiKey.objects.filter(user=user)


def valid_key(secret: str, *, at: datetime) -> ApiKey | None:
    """Return the unexpired key of an active user, with its user; None for any other. One query."""
    if not is_key(secret):
        return None
    keys = ApiKey.objects.select_related("user").filter(user__is_active=True, expires_at__gt=at)
    return keys.filter(digest=digest_of(secret)).first()


def key_table(user: User) -> Iterable[Row]:
    for name, hint, scopes, *times in keys_of(user).order_by("pk").values_list(*COLUMNS):
        yield name, hint, " ".join(scopes), *times


TABLE = Table(name="api_keys", columns=COLUMNS, rows=key_table)
