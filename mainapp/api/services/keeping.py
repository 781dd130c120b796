"""Keep the answer to a request, so that it can be asked again and takes effect once.

All of it runs inside the transaction of the effect: who comes second waits for who came first.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.api.models import KeptAnswer
from mainapp.api.policies import KEEP_KEYS
from mainapp.core.exceptions import DomainError


class KeyReused(DomainError):
    """The key belongs to another request."""

    def __init__(self) -> None:
        super().__init__("conflict", _("Esta Idempotency-Key já foi usada com outro pedido."))


def claim_key(*, scope: str, key: str, fingerprint: str, at: datetime) -> KeptAnswer:
    """Return the answer that was kept under a key, or a new row, with status 0, to be answered.

    Keys are forgotten after KEEP_KEYS. Raises: KeyReused.
    """
    KeptAnswer.objects.filter(created_at__lt=at - KEEP_KEYS).delete()
    KeptAnswer.objects.bulk_create(
        [KeptAnswer(scope=scope, key=key, fingerprint=fingerprint, created_at=at)],
        ignore_conflicts=True,
    )
    kept = KeptAnswer.objects.select_for_update().get(scope=scope, key=key)
    if kept.fingerprint != fingerprint:
        raise KeyReused
    return kept


def keep_answer(*, kept: KeptAnswer, status: int, body: Any) -> None:
    """Write the answer beside the effect."""
    KeptAnswer.objects.filter(pk=kept.pk).update(status=status, body=body)
