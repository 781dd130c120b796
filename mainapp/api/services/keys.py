"""Creation, use and revocation of API keys.

A key is read from the database for every request, so its revocation and its user's deactivation
take effect at once in all processes.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.api.models import ApiKey
from mainapp.api.names import HINT_LENGTH, digest_of, new_secret
from mainapp.api.policies import LAST_USE_PRECISION, MAX_KEYS
from mainapp.core.exceptions import DomainError
from mainapp.core.policies import SCOPES


def create_key(
    *, user: User, name: str, scopes: Collection[str], days: int, at: datetime
) -> tuple[ApiKey, str]:
    """Return a new key and its secret, which is not stored.

    The key has used a second factor if the log-in of `user` has: without, it gives no rights of
    staff where these need one. Raises: DomainError `limit_reached`.
    """
    secret = new_secret()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if ApiKey.objects.filter(user=user).count() >= MAX_KEYS:
            raise DomainError(
                "limit_reached",
                _("Você já tem %(limit)s chaves: revogue uma antes."),
                {"limit": MAX_KEYS},
            )
        key = ApiKey.objects.create(
            user=user,
            name=name,
            hint=secret[:HINT_LENGTH],
            digest=digest_of(secret),
            scopes=[scope for scope in SCOPES if scope in scopes],
            created_at=at,
            expires_at=at + timedelta(days=days),
            is_second_factor_used=getattr(user, "is_second_factor_used", False),
        )
    return key, secret


def revoke_key(*, key: ApiKey) -> None:
    key.delete()


def record_use(*, key: ApiKey, at: datetime) -> None:
    """Record the time of a key's use, at most once in LAST_USE_PRECISION."""
    before = at - LAST_USE_PRECISION
    if key.last_used_at is None or key.last_used_at <= before:
        is_old = Q(last_used_at__lte=before) | Q(last_used_at=None)
        ApiKey.objects.filter(is_old, pk=key.pk).update(last_used_at=at)
