"""Notifications and their deliveries, written as rows of the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.notifications.models import Channel, Delivery, Notification
from mainapp.notifications.selectors.channels import Destination
from mainapp.notifications.signals import rows_written

NUMBERING = 0x50524547  # any number that no other advisory lock of this database has


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message for one address: an e-mail (`text`, `html`, `headers`), or a text to a service.

    `kind` is a Channel.Kind. An empty `message_id` (`<…@…>`, see `message_id`) gets a random one.
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
    """Write a notification for `user` (None: for all) with its deliveries; as `notify_many`."""
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

    Writes rows only, which a rollback of the caller reverts; nothing is sent here. Safe to repeat:
    a notice with a known `dedupe_key` returns the notification that exists. Four queries, however
    many notices (SQLite splits long writes).
    """
    if not notices:
        return []
    at = at or timezone.now()
    with transaction.atomic():
        take_numbers_in_turn()
        kept = _kept(notices)
        fresh: list[tuple[Notice, Notification]] = []
        found: list[Notification] = []
        for notice in notices:
            one = kept.get(notice.dedupe_key or "")
            if one is None:
                one = _row(notice, at)
                fresh.append((notice, one))
                if notice.dedupe_key:
                    kept[notice.dedupe_key] = one
            found.append(one)
        Notification.objects.bulk_create([one for _notice, one in fresh])
        rows = [_delivery(letter, one, at) for notice, one in fresh for letter in notice.deliveries]
        write_deliveries(rows=rows)
        _announce([one for _notice, one in fresh])
    return found


def write_deliveries(*, rows: Sequence[Delivery]) -> None:
    """Put deliveries into the outbox: one query. A worker is notified after the commit."""
    if rows:
        Delivery.objects.bulk_create(rows)
        rows_written.send(sender=None, users=[], has_deliveries=True)


def write_delivery(
    *, letter: Letter, user: User | None = None, at: datetime | None = None
) -> Delivery:
    """Put one message without a notification into the outbox."""
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
            kind=one.kind,
            address=one.address,
            channel_id=one.channel_id,
            subject=subject,
            text=text,
            html=html if one.kind == Channel.Kind.EMAIL else "",
            headers=headers or {},
            message_id=message_id(f"{name}.{one.channel_id or 0}") if name else "",
        )
        for one in destinations
    ]


def message_id(name: str) -> str:
    """Return `<name@domain>` with the domain that the site's e-mails come from."""
    return f"<{name}@{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition('@')[2] or 'localhost'}>"


def take_numbers_in_turn() -> None:
    """Serialize writers until this transaction ends, so that ids rise in the order of commits.

    A reader of "everything after id n" must not miss an id that was assigned earlier and committed
    later. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING])


def _kept(notices: Sequence[Notice]) -> dict[str, Notification]:
    keys = [notice.dedupe_key for notice in notices if notice.dedupe_key]
    if not keys:
        return {}
    return {str(one.dedupe_key): one for one in Notification.objects.filter(dedupe_key__in=keys)}


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
    )


def _announce(written: Sequence[Notification]) -> None:
    if written:
        users = {one.user_id for one in written}
        everybody = None in users
        rows_written.send(
            sender=None,
            users=None if everybody else sorted(user for user in users if user is not None),
            has_deliveries=False,
        )
