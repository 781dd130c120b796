"""Campaigns of the staff: written, tested, sent, cancelled.

Inboxes and e-mails are written in batches, each person once; `campaigning` sends the e-mails.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import require_level
from mainapp.core.contexts import current_request_id
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import consume, of_user
from mainapp.notifications.models import Broadcast, Channel, Delivery, MailTemplate
from mainapp.notifications.policies import CAMPAIGN_TESTS
from mainapp.notifications.rendering import CLUB, names_in
from mainapp.notifications.selectors.audiences import (
    Recipient,
    people_in,
    reach_of,
    recipient_of,
    recipients_of,
)
from mainapp.notifications.selectors.channels import account_addresses
from mainapp.notifications.selectors.deliveries import unfinished_broadcasts, untried_mails
from mainapp.notifications.services.composing import compose
from mainapp.notifications.services.notices import (
    Letter,
    Notice,
    message_id,
    notify,
    notify_many,
    write_deliveries,
    write_delivery,
)
from mainapp.notifications.signals import rows_written

BATCH = 100  # people
State = Broadcast.State


def create_campaign(
    *,
    author: User,
    title: str,
    body: str,
    url: str = "",
    is_email: bool = False,
    template: MailTemplate | None = None,
    audience: str = "",
    conditions: Mapping[str, Any] | None = None,
    at: datetime,
) -> Broadcast:
    """Store a campaign as a draft, with the texts of its template as they are now.

    Raises: AccessDenied unless `author` belongs to the staff, or is an admin for one club, as
    clubs are hidden from other staff; DomainError for a template that names a club, without one.
    """
    require_level(author, User.Access.ADMIN if audience else User.Access.SUPPORT)
    texts = template.texts() if template else None
    if texts and not audience and _names_club(texts.values()):
        raise DomainError("invalid", _("Este modelo usa {clube}: escolha um clube."))
    return Broadcast.objects.create(
        author=author,
        title=title,
        body=body,
        url=url,
        is_email=is_email,
        texts=texts,
        audience=audience,
        conditions=dict(conditions) if conditions else None,
        state=State.DRAFT,
        created_at=at,
        finished_at=at,
    )


def send_campaign(*, broadcast: Broadcast, actor: User, at: datetime) -> None:
    """Send a draft, once; its inboxes and e-mails are written in the background.

    One to all without e-mails is a single notification, and done at once. Raises: AccessDenied;
    DomainError if it was already sent or cancelled.
    """
    require_level(actor, User.Access.ADMIN if broadcast.audience else User.Access.SUPPORT)
    is_done = broadcast.is_to_all and not broadcast.is_email
    changes = {"state": State.DONE, "ended_at": at} if is_done else {"state": State.SENDING}
    with transaction.atomic():
        draft = Broadcast.objects.filter(pk=broadcast.pk, state=State.DRAFT)
        if draft.update(total=reach_of(broadcast).people, **changes) != 1:
            raise DomainError("conflict", _("Esta campanha já foi enviada ou cancelada."))
        if broadcast.is_to_all:
            notify(user=None, **_notice_of(broadcast))
        if not is_done:
            rows_written.send(sender=None, users=[], has_deliveries=True)


def send_broadcast(*, author: User, at: datetime, **fields: Any) -> Broadcast:
    """Create a campaign and send it at once. Raises: those of both."""
    with transaction.atomic():
        broadcast = create_campaign(author=author, at=at, **fields)
        send_campaign(broadcast=broadcast, actor=author, at=at)
    return broadcast


def cancel_campaign(*, broadcast: Broadcast, actor: User, at: datetime) -> None:
    """Cancel a draft, or what is not sent yet of a campaign. Raises: AccessDenied, DomainError."""
    require_level(actor, User.Access.SUPPORT)
    with transaction.atomic():
        queued = Delivery.objects.filter(broadcast=broadcast, state=Delivery.State.QUEUED)
        is_waiting = queued.exists()
        open_rows = Broadcast.objects.filter(pk=broadcast.pk).exclude(state=State.CANCELLED)
        if not is_waiting:
            open_rows = open_rows.filter(state__in=[State.DRAFT, State.SENDING])
        if open_rows.update(state=State.CANCELLED, ended_at=at, finished_at=at) != 1:
            raise DomainError("conflict", _("Não há mais nada para cancelar."))
        queued.update(state=Delivery.State.CANCELLED, claim_key="")


def send_test(*, broadcast: Broadcast, actor: User, language: str, at: datetime) -> None:
    """Send a campaign's e-mail to its sender's own address only.

    Raises: AccessDenied, RateLimited; DomainError without a usable address.
    """
    require_level(actor, User.Access.SUPPORT)
    if actor.pk not in account_addresses([actor.pk]):
        raise DomainError("invalid", _("A sua conta não tem um e-mail confirmado."))
    mail = compose(broadcast, recipient_of(actor), language=language)
    letter = Letter(
        kind=Channel.Kind.EMAIL,
        address=actor.email,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
    )
    with transaction.atomic():
        consume(CAMPAIGN_TESTS, of_user(actor))
        write_delivery(letter=letter, user=actor, at=at)


def write_batch(*, at: datetime) -> int:
    """Write the next rows of the oldest unfinished campaign; return the number of people done.

    Returns 0 while e-mails of the previous batch wait for their first attempt. `last_user_id` moves
    in the same transaction, and only from the value that this call read: concurrent calls never
    write a batch twice, and after a crash the next call continues from the last commit.
    """
    broadcast = unfinished_broadcasts().first()
    if broadcast is None or untried_mails(broadcast.pk):
        return 0
    people = people_in(broadcast).filter(pk__gt=broadcast.last_user_id)
    ids = list(people.values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        unmoved = unfinished_broadcasts().filter(
            pk=broadcast.pk, last_user_id=broadcast.last_user_id
        )
        end = {"state": State.DONE, "ended_at": at, "finished_at": at}
        moved = unmoved.order_by().update(**({"last_user_id": ids[-1]} if ids else end))
        if moved == 1 and ids:
            _write(broadcast, ids, at)
    return len(ids) if moved == 1 else 0


def _write(broadcast: Broadcast, ids: list[int], at: datetime) -> None:
    if not broadcast.is_to_all:
        fields = _notice_of(broadcast)
        key = fields.pop("dedupe_key")
        notices = [Notice(user_id=pk, dedupe_key=f"{key}.{pk}", **fields) for pk in ids]
        notify_many(notices=notices, at=at)
    if broadcast.is_email or broadcast.state == State.OLD:
        recipients = recipients_of(broadcast, ids)
        rows = [_mail(broadcast, recipients[pk], at) for pk in ids if pk in recipients]
        write_deliveries(rows=rows)


def _notice_of(broadcast: Broadcast) -> dict[str, Any]:
    return {
        "kind": "platform",
        "title": broadcast.title,
        "body": broadcast.body,
        "url": broadcast.url,
        "dedupe_key": f"broadcast.{broadcast.pk}",
    }


def _mail(broadcast: Broadcast, recipient: Recipient, at: datetime) -> Delivery:
    """Return the row of an e-mail, without its text, which is written when it is sent."""
    return Delivery(
        user_id=recipient.user_id,
        broadcast=broadcast,
        kind=Channel.Kind.EMAIL,
        address=recipient.address,
        subject=compose(broadcast, recipient, only_subject=True).subject,
        message_id=message_id(f"broadcast.{broadcast.pk}.{recipient.user_id}"),
        state=Delivery.State.QUEUED,
        due_at=at,
        created_at=at,
        request_id=current_request_id(),
    )


def _names_club(texts: Collection[Mapping[str, str]]) -> bool:
    return any(CLUB in names_in(text) for parts in texts for text in parts.values())
