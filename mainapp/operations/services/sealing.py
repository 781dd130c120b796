"""Seal audit entries into a hash chain, under one locked row.

Ids do not follow the order of commits: an entry of a slow transaction may appear below ids that are
already sealed. Sealing therefore selects entries without a seal, not ids above the last one. It
hashes the rows as read from the database, with the values that verification will read.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.core.models import AuditEntry, AuditHead, AuditSeal

TASK, EVERY_S = "seal_audit", 5


def seal_entries(*, at: datetime) -> int:
    """Seal all unsealed entries, AuditSeal.LIMIT at a time; return their number.

    Safe to run concurrently. The cost depends on the new entries only: six queries per seal, one if
    there are none.
    """
    total = 0
    while _unsealed().exists() and (count := _seal_batch(at)):
        total += count
    return total


def ensure_sealing() -> None:
    """Schedule the sealing unless it exists, so that an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=TASK).exists():
        every = IntervalSchedule.objects.create(every=EVERY_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=TASK, task=TASK, interval=every, expire_seconds=EVERY_S)


def _unsealed() -> "QuerySet[AuditEntry]":
    # Sorted by both columns of the index; otherwise PostgreSQL would scan the ids.
    return AuditEntry.objects.filter(seal_number=None).order_by("seal_number", "pk")


@transaction.atomic
def _seal_batch(at: datetime) -> int:
    AuditHead.objects.get_or_create(pk=AuditHead.KEY)
    head = AuditHead.objects.select_for_update().get(pk=AuditHead.KEY)
    entries = list(_unsealed()[: AuditSeal.LIMIT])
    if entries:
        seal = _next_seal(head, entries, at)
        keys = [entry.pk for entry in entries]
        AuditEntry.objects.filter(pk__in=keys).update(seal_number=seal.number)
        AuditHead.objects.filter(pk=head.pk).update(number=seal.number, hash=seal.hash)
    return len(entries)


def _next_seal(head: AuditHead, entries: list[AuditEntry], at: datetime) -> AuditSeal:
    seal = AuditSeal(
        number=head.number + 1,
        previous_hash=head.hash,
        sealed_at=at,
        entries=[[entry.pk, entry.digest()] for entry in entries],
    )
    seal.hash = seal.digest()
    seal.save(force_insert=True)
    return seal
