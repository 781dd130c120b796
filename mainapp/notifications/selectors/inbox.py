"""Queries of one user's inbox, and of changes in the inboxes of many users."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localdate

from mainapp.accounts.models import User
from mainapp.notifications.events import Item, Marked, Snapshot
from mainapp.notifications.fanout import InboxChanges, LatestIds
from mainapp.notifications.models import Mark, Notification
from mainapp.notifications.rendering import Appearance, appearance_of

SNAPSHOT_ITEMS = 20
RESUME_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Note:
    """A notification of an inbox (`row`, with `is_read`) and the appearance of its kind."""

    row: Any
    appearance: Appearance

    @property
    def sentences(self) -> list[str]:
        return [line for line in self.row.body.splitlines() if line.strip()]

    @property
    def symbol(self) -> str:
        """The stock that the notification is about; empty if it is about none."""
        return self.appearance.symbol_of(self.row.url)


def inbox_of(user: User) -> QuerySet[Any]:
    """Return the notifications for a user and for everybody, newest first, with `is_read`."""
    marks = Mark.objects.filter(user=user, notification=OuterRef("pk"))
    own = Notification.objects.filter(Q(user=user) | Q(user=None))
    return (
        own.filter(~Exists(marks.filter(kind=Mark.Kind.DELETED)))
        .annotate(is_read=Exists(marks.filter(kind=Mark.Kind.READ)))
        .order_by("-id")
    )


def unread_count(user: User) -> int:
    """Return the number of notifications that a user neither read nor deleted. One query."""
    marks = Mark.objects.filter(user=user, notification=OuterRef("pk"))
    own = Notification.objects.filter(Q(user=user) | Q(user=None))
    return own.filter(~Exists(marks)).count()


def item(notification: Notification, *, is_read: bool) -> Item:
    created_at = notification.created_at.astimezone(UTC).isoformat(timespec="milliseconds")
    return Item(
        id=notification.pk,
        kind=notification.kind,
        title=notification.title,
        body=notification.body,
        url=notification.url,
        created_at=created_at.replace("+00:00", "Z"),
        is_read=is_read,
        is_platform=notification.is_platform,
    )


def snapshot(user: User) -> Snapshot:
    """Return the newest items of an inbox. Two queries."""
    items = [item(row, is_read=row.is_read) for row in inbox_of(user)[:SNAPSHOT_ITEMS]]
    return Snapshot(
        type="snapshot",
        unread=unread_count(user),
        last_id=items[0]["id"] if items else 0,
        items=items,
    )


def items_after(user: User, after: int) -> list[Item]:
    """Return the newest RESUME_ITEMS items with ids above `after`, oldest first. One query."""
    missed = inbox_of(user).filter(pk__gt=after)[:RESUME_ITEMS]
    return [item(row, is_read=row.is_read) for row in reversed(missed)]


def notes(rows: Iterable[Any]) -> list[Note]:
    """Return rows of an inbox with the appearance of their kinds."""
    return [Note(row, appearance_of(row.kind)) for row in rows]


def notes_by_day(rows: Iterable[Any]) -> list[tuple[date, list[Note]]]:
    """Return rows of an inbox, newest first, under their days in São Paulo."""
    days = groupby(notes(rows), key=lambda note: localdate(note.row.created_at))
    return [(day, list(group)) for day, group in days]


class DatabaseArchive:
    """The hub's queries, for all open inboxes at once."""

    def latest_ids(self) -> LatestIds:
        """Return the highest ids. One query."""
        # One statement for both tables: every web process runs it every 2 s.
        name = connection.ops.quote_name
        newest = ", ".join(
            f"(SELECT max(id) FROM {name(model._meta.db_table)})"  # noqa: S608 - our own names
            for model in (Notification, Mark)
        )
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {newest}")
            notification, mark = cursor.fetchone()
        return LatestIds(notification or 0, mark or 0)

    def changes(self, after: LatestIds, until: LatestIds, users: Collection[int]) -> InboxChanges:
        """Return the changes between two sets of ids for these users; five queries at most."""
        rows = Notification.objects.filter(
            Q(user__in=users) | Q(user=None), pk__gt=after.notification, pk__lte=until.notification
        ).order_by("pk")
        items = [(row.user_id, item(row, is_read=False)) for row in rows]
        marks = Mark.objects.filter(pk__gt=after.mark, pk__lte=until.mark, user__in=users)
        return InboxChanges(items=items, marked=_frames(list(marks.order_by("pk"))))


def _frames(marks: list[Mark]) -> list[tuple[int, list[int], Marked]]:
    """Return (user, ids of the marks, frame) for each user and kind."""
    if not marks:
        return []
    unread = unread_counts({mark.user_id for mark in marks})
    grouped: dict[tuple[int, str], list[Mark]] = defaultdict(list)
    for mark in marks:
        grouped[mark.user_id, mark.kind].append(mark)
    return [
        (
            user,
            [mark.pk for mark in group],
            Marked(
                type="read" if kind == Mark.Kind.READ else "deleted",
                ids=[mark.notification_id for mark in group],
                unread=unread[user],
            ),
        )
        for (user, kind), group in grouped.items()
    ]


def unread_counts(users: Collection[int]) -> dict[int, int]:
    """Return the unread count of each user. Three queries, however many users."""
    of_all = Notification.objects.filter(user=None).count()
    own = Notification.objects.filter(user__in=users).order_by().values_list("user")
    owned = dict(own.annotate(count=Count("pk")))
    marks = Mark.objects.filter(user__in=users).values_list("user")
    marked = dict(marks.annotate(count=Count("notification", distinct=True)))
    return {user: of_all + owned.get(user, 0) - marked.get(user, 0) for user in users}
