"""Save the response to a request, so that a repetition has no second effect.

All of it runs inside the transaction of the effect: concurrent requests wait for the first one.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.api.models import KeptAnswer
from mainapp.api.policies import KEY_LIFETIME
from mainapp.core.exceptions import DomainError


class KeyReused(DomainError):
    """The key belongs to another request."""

    def __init__(self) -> None:
        super().__init__("conflict", _("Esta Idempotency-Key já foi usada com outro pedido."))


def claim_key(*, scope: str, key: str, fingerprint: str, at: datetime) -> KeptAnswer:
    """Return the response saved under a key, or a new row with status 0 for a first request.

    Keys expire after KEY_LIFETIME. Raises: KeyReused.
    """
    KeptAnswer.objects.filter(created_at__lt=at - KEY_LIFETIME).delete()
    # PostgreSQL waits here for an open transaction with the same key: until its commit, when the
    # saved response is found below, or its rollback, when the key is free.
    KeptAnswer.objects.bulk_create(
        [KeptAnswer(scope=scope, key=key, fingerprint=fingerprint, created_at=at)],
        ignore_conflicts=True,
    )
    saved = KeptAnswer.objects.select_for_update().get(scope=scope, key=key)
    if saved.fingerprint != fingerprint:
        raise KeyReused
    return saved


def saved_answer(*, scope: str, key: str, at: datetime) -> KeptAnswer | None:
    """Return the saved response to a committed request, without locking its row."""
    valid = KeptAnswer.objects.filter(created_at__gte=at - KEY_LIFETIME)
    return valid.filter(scope=scope, key=key).exclude(status=0).first()


def save_answer(*, saved: KeptAnswer, status: int, body: Any) -> None:
    """Save the response together with the effect."""
    KeptAnswer.objects.filter(pk=saved.pk).update(status=status, body=body)
