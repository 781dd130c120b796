"""Writing of notifications and their deliveries, inside the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from functools import cache
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.contexts import current_request_id
from mainapp.notifications.models import Channel, Delivery, Notification
from mainapp.notifications.selectors.channels import Destination
from mainapp.notifications.signals import rows_written

NUMBERING = 0x50524547  # "PREG": key of an advisory lock, used for nothing else in this database


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message for one address: an e-mail (`text`, `html`, `headers`), or text for a service.

    `kind` is a Channel.Kind. An empty `message_id` is replaced by a random one.
    """

    kind: str
    address: str
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str = ""
    channel_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification for one user, or for all (`user_id` None); `url` is a path of this site."""

    user_id: int | None
    kind: str
    title: str
    body: str = ""
    url: str = ""
    dedupe_key: str | None = None
    deliveries: Sequence[Letter] = ()


def notify(
    *,
    user: User | None,
    kind: str,
    title: str,
    body: str = "",
    url: str = "",
    dedupe_key: str | None = None,
    deliveries: Sequence[Letter] = (),
) -> Notification:
    """Write a notification for `user` (None: for all) with its deliveries. See `notify_many`."""
    notice = Notice(
        user_id=user.pk if user else None,
        kind=kind,
        title=title,
        body=body,
        url=url,
        dedupe_key=dedupe_key,
        deliveries=deliveries,
    )
    return notify_many(notices=[notice])[0]


def notify_many(*, notices: Sequence[Notice], at: datetime | None = None) -> list[Notification]:
    """Write each notice and its deliveries; return a notification for each, in order.

    Only writes rows, which a rollback of the caller reverts; sends nothing. Safe to repeat: for a
    known `dedupe_key` the existing notification is returned. Four queries, however many notices
    (SQLite splits long writes).
    """
    if not notices:
        return []
    at = at or timezone.now()
    with transaction.atomic():
        lock_numbering()
        by_key = _existing_by_key(notices)
        new: list[tuple[Notice, Notification]] = []
        notifications: list[Notification] = []
        for notice in notices:
            notification = by_key.get(notice.dedupe_key or "")
            if notification is None:
                notification = _row(notice, at)
                new.append((notice, notification))
                if notice.dedupe_key:
                    by_key[notice.dedupe_key] = notification
            notifications.append(notification)
        Notification.objects.bulk_create([row for _notice, row in new])
        rows = [_delivery(letter, row, at) for notice, row in new for letter in notice.deliveries]
        write_deliveries(rows=rows)
        _announce([row for _notice, row in new])
    return notifications


def write_deliveries(*, rows: Sequence[Delivery]) -> None:
    """Put deliveries into the outbox. One query; a worker is notified after the commit."""
    if rows:
        Delivery.objects.bulk_create(rows)
        rows_written.send(sender=None, users=[], has_deliveries=True)


def write_delivery(
    *, letter: Letter, user: User | None = None, at: datetime | None = None
) -> Delivery:
    """Put one message that belongs to no notification into the outbox."""
    at = at or timezone.now()
    row = _delivery(letter, None, at)
    row.user = user
    write_deliveries(rows=[row])
    return row


def letters_for(
    *,
    destinations: Iterable[Destination],
    subject: str,
    text: str,
    html: str = "",
    headers: Mapping[str, str] | None = None,
    name: str = "",
) -> list[Letter]:
    """Return the same message for each destination; its Message-ID contains `name` (`firing.7`)."""
    return [
        Letter(
            kind=destination.kind,
            address=destination.address,
            channel_id=destination.channel_id,
            subject=subject,
            text=text,
            html=html if destination.kind == Channel.Kind.EMAIL else "",
            headers=headers or {},
            message_id=message_id(f"{name}.{destination.channel_id or 0}") if name else "",
        )
        for destination in destinations
    ]


def message_id(name: str) -> str:
    """Return `<name@domain>` with the domain of the site's sender address."""
    return f"<{name}@{_domain_of(settings.DEFAULT_FROM_EMAIL)}>"


@cache
def _domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def lock_numbering() -> None:
    """Serialize writers until this transaction ends, so that ids rise in the order of commits.

    Otherwise a reader of "all ids after n" would miss an id that was assigned earlier but committed
    later. SQLite allows one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING])


def _existing_by_key(notices: Sequence[Notice]) -> dict[str, Notification]:
    keys = [notice.dedupe_key for notice in notices if notice.dedupe_key]
    if not keys:
        return {}
    return {str(row.dedupe_key): row for row in Notification.objects.filter(dedupe_key__in=keys)}


def _row(notice: Notice, at: datetime) -> Notification:
    return Notification(
        user_id=notice.user_id,
        kind=notice.kind,
        title=notice.title[:200],
        body=notice.body,
        url=notice.url,
        dedupe_key=notice.dedupe_key or None,
        created_at=at,
    )


def _delivery(letter: Letter, notification: Notification | None, at: datetime) -> Delivery:
    return Delivery(
        notification=notification,
        user_id=notification.user_id if notification else None,
        channel_id=letter.channel_id,
        kind=letter.kind,
        address=letter.address,
        subject=" ".join(letter.subject.split())[:250],
        text=letter.text,
        html=letter.html,
        headers=dict(letter.headers),
        message_id=letter.message_id or message_id(uuid4().hex),
        due_at=at,
        created_at=at,
        request_id=current_request_id(),
    )


def _announce(written: Sequence[Notification]) -> None:
    if written:
        users = {notification.user_id for notification in written}
        everybody = None in users
        rows_written.send(
            sender=None,
            users=None if everybody else sorted(user for user in users if user is not None),
            has_deliveries=False,
        )
