"""Broadcasts of the staff to all users; their e-mails are written in batches, exactly once."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import require_level
from mainapp.core.logs.context import current_request_id
from mainapp.core.mails import Link, Mail, paragraphs_of, render_mail
from mainapp.core.paths import absolute_url
from mainapp.notifications.models import Broadcast, Channel, Delivery
from mainapp.notifications.selectors.channels import account_addresses
from mainapp.notifications.selectors.deliveries import untried_mails
from mainapp.notifications.services.notices import message_id, notify, write_deliveries
from mainapp.notifications.signals import rows_written

BATCH = 100  # e-mails that another message may have to wait for


def send_broadcast(
    *, author: User, title: str, body: str, url: str = "", is_email: bool = False, at: datetime
) -> Broadcast:
    """Store one notification for every inbox; the e-mails are written in the background.

    Raises: AccessDenied unless `author` belongs to the staff.
    """
    require_level(author, User.Access.SUPPORT)
    with transaction.atomic():
        broadcast = Broadcast.objects.create(
            author=author,
            title=title,
            body=body,
            url=url,
            is_email=is_email,
            created_at=at,
            finished_at=None if is_email else at,
        )
        notify(
            user=None,
            kind="platform",
            title=title,
            body=body,
            url=url,
            dedupe_key=f"broadcast.{broadcast.pk}",
        )
        if is_email:
            rows_written.send(sender=None, users=[], has_deliveries=True)
    return broadcast


def write_batch(*, at: datetime) -> int:
    """Write the next e-mails of the oldest unfinished broadcast; return the number of users done.

    Returns 0 while the previous batch waits for its first attempt. `last_user_id` moves in the same
    transaction, and only from the value that this call read: concurrent calls never write a batch
    twice, and after a crash the next call continues from the last commit. Seven queries.
    """
    broadcast = Broadcast.objects.filter(finished_at=None).order_by("id").first()
    if broadcast is None or untried_mails(broadcast.pk):
        return 0
    users = User.objects.filter(pk__gt=broadcast.last_user_id, is_active=True).order_by("pk")
    ids = list(users.values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        unmoved = Broadcast.objects.filter(
            pk=broadcast.pk, last_user_id=broadcast.last_user_id, finished_at=None
        )
        changes = {"last_user_id": ids[-1]} if ids else {"finished_at": at}
        moved = unmoved.update(**changes)
        if moved == 1 and ids:
            write_deliveries(rows=_mails(broadcast, account_addresses(ids), at))
    return len(ids) if moved == 1 else 0


def _mails(broadcast: Broadcast, addresses: dict[int, str], at: datetime) -> list[Delivery]:
    text, html = render_mail(
        Mail(
            title=broadcast.title,
            paragraphs=paragraphs_of(broadcast.body),
            action=Link(label=_("Ver no Pregão"), url=absolute_url(broadcast.url)),
        )
    )
    return [
        Delivery(
            user_id=user,
            broadcast=broadcast,
            kind=Channel.Kind.EMAIL,
            address=address,
            subject=" ".join(broadcast.title.split()),
            text=text,
            html=html,
            message_id=message_id(f"broadcast.{broadcast.pk}.{user}"),
            due_at=at,
            created_at=at,
            request_id=current_request_id(),
        )
        for user, address in addresses.items()
    ]
