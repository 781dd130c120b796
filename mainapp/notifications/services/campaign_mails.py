"""State of campaigns' e-mails: claims, the mark before an attempt, kills, retries."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import require_level
from mainapp.core.exceptions import DomainError
from mainapp.notifications.models import Attempt, Broadcast, Delivery
from mainapp.notifications.policies import LEASE, SENDING_LEASE
from mainapp.notifications.selectors.audiences import recipients_of
from mainapp.notifications.services.composing import compose
from mainapp.notifications.signals import rows_written

BATCH = 20
State = Delivery.State


def claim_mails(*, at: datetime) -> list[Delivery]:
    """Claim up to BATCH due e-mails of campaigns; concurrent callers get different ones.

    A claim that is not used within LEASE expires. One query if nothing is due, otherwise four.
    """
    due = Delivery.objects.filter(state=State.QUEUED, due_at__lte=at)
    if not due.exists():
        return []
    key = uuid4().hex
    with transaction.atomic():
        # PostgreSQL skips rows that another process is claiming; SQLite has one writer at a time.
        waiting = due.select_for_update(skip_locked=True).order_by("due_at", "id")
        ids = list(waiting.values_list("pk", flat=True)[:BATCH])
        due.filter(pk__in=ids).update(due_at=at + LEASE, claim_key=key)
    own = Delivery.objects.filter(pk__in=ids, claim_key=key, state=State.QUEUED)
    return list(own.select_related("broadcast").order_by("id"))


def prepare_mails(mails: Sequence[Delivery]) -> list[Delivery]:
    """Write the texts of claimed e-mails, in memory only; cancel those of people who left.

    The audience is read again: members who left, deactivated and unsubscribed users get nothing.
    About two queries for each campaign.
    """
    by_broadcast: dict[Broadcast | None, list[Delivery]] = defaultdict(list)
    for mail in mails:
        by_broadcast[mail.broadcast].append(mail)
    prepared: list[Delivery] = []
    for broadcast, group in by_broadcast.items():
        if broadcast is not None and broadcast.state != Broadcast.State.CANCELLED:
            prepared += _written(broadcast, group)
    _cancel([mail for mail in mails if mail not in prepared])
    return prepared


def begin_sending(mail: Delivery, *, at: datetime) -> bool:
    """Mark an e-mail as being sent; return whether it is still this caller's. One query."""
    own = Delivery.objects.filter(pk=mail.pk, claim_key=mail.claim_key, state=State.QUEUED)
    begun = own.update(
        state=State.SENDING, due_at=at + SENDING_LEASE, address=mail.address, tries=F("tries") + 1
    )
    mail.state = State.SENDING
    mail.tries += 1
    return begun == 1


def release_mails(mails: Sequence[Delivery], *, at: datetime) -> None:
    """Return claimed e-mails to the queue."""
    ids, keys = [mail.pk for mail in mails], {mail.claim_key for mail in mails}
    own = Delivery.objects.filter(pk__in=ids, claim_key__in=keys, state=State.QUEUED)
    own.update(due_at=at, claim_key="")


def expire_sending(*, at: datetime) -> int:
    """Mark e-mails whose sender was killed as perhaps delivered; return their number.

    The claim keeps its key: if its holder is alive after all, its result still counts.
    """
    expired = 0
    for mail in Delivery.objects.filter(state=State.SENDING, due_at__lte=at):
        with transaction.atomic():
            row = Delivery.objects.filter(pk=mail.pk, state=State.SENDING, due_at=mail.due_at)
            if row.update(state=State.UNKNOWN) == 1:
                Attempt.objects.create(delivery=mail, at=at, outcome=Attempt.Outcome.UNKNOWN)
                expired += 1
    return expired


def retry_mail(*, delivery: Delivery, actor: User, at: datetime) -> None:
    """Put a failed e-mail back into the queue. Raises: AccessDenied; DomainError for others."""
    require_level(actor, User.Access.ADMIN)
    state = State.QUEUED if delivery.broadcast_id and not delivery.text else State.WAITING
    with transaction.atomic():
        failed = Delivery.objects.filter(pk=delivery.pk, state=State.FAILED)
        if failed.update(state=state, due_at=at, created_at=at, tries=0, claim_key="") != 1:
            raise DomainError("conflict", _("Só e-mails que falharam podem ser enviados de novo."))
        rows_written.send(sender=None, users=[], has_deliveries=True)


def _written(broadcast: Broadcast, mails: Sequence[Delivery]) -> list[Delivery]:
    recipients = recipients_of(broadcast, [mail.user_id for mail in mails if mail.user_id])
    written = [mail for mail in mails if mail.user_id in recipients]
    for mail in written:
        recipient = recipients[mail.user_id or 0]
        composed = compose(broadcast, recipient)
        mail.address, mail.headers = recipient.address, dict(composed.headers)
        mail.text, mail.html = composed.text, composed.html
    return written


def _cancel(mails: Sequence[Delivery]) -> None:
    if mails:
        ids, keys = [mail.pk for mail in mails], {mail.claim_key for mail in mails}
        own = Delivery.objects.filter(pk__in=ids, claim_key__in=keys, state=State.QUEUED)
        own.update(state=State.CANCELLED, claim_key="")
