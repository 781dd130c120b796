"""The tables of a user's data archive."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When

from mainapp.accounts.models import Block, User
from mainapp.accounts.personal_data import Row, Table, tables
from mainapp.accounts.selectors import preferences_of
from mainapp.accounts.selectors.second_factors import factor_rows
from mainapp.accounts.selectors.sessions import session_rows
from mainapp.core.models import AuditDetail
from mainapp.forum.models import (
    Message,
    Participant,
    Reaction,
    Room,
)
from mainapp.market.models import Watchlist, WatchlistItem
from mainapp.moderation.models import Complaint, LogEntry
from mainapp.notifications.models import Attempt, Broadcast, Channel, Delivery, Mark, Notification
from mainapp.portfolio.models import Carteira
from mainapp.uploads.models import Upload

CHUNK = 2000

ACCOUNT = (
    "username",
    "email",
    "first_name",
    "last_name",
    "display_name",
    "bio",
    "access_level",
    "date_joined",
    "last_login",
    "suspended_until",
    "suspension_reason",
)
PREFERENCES = (
    "language",
    "theme",
    "monitoring_minutes",
    "hides_presence",
    "hides_talk_in_mails",
    "time_zone",
    "follows_agenda",
    "gets_news",
)
UPLOADS = ("id", "kind", "name", "size", "width", "height", "state", "created_at")
BLOCKS = ("blocked_id", "blocked_at")
WATCHLISTS = ("id", "name", "share_key", "is_current")
ROOMS = ("id", "name", "topic", "description", "is_closed", "created_at", "active_at")
MESSAGES = (
    *("room_id", "room", "seq", "body", "sent_at", "edited_at", "deleted_at"),
    *("kind", "content"),
)
COMPLAINTS = ("kind", "id", "place", "category", "reason", "reported_at", "decided_at")
BROADCASTS = ("id", "title", "body", "url", "is_email", "state", "created_at", "finished_at")
DETAILS = ("id", "at", "model", "field", "before", "after")
NOTIFICATIONS = ("id", "kind", "title", "body", "url", "created_at")
CHANNELS = ("id", "kind", "address", "is_active", "created_at", "verified_at")
DELIVERIES = (
    *("id", "notification_id", "kind", "address", "subject", "state", "tries"),
    *("created_at", "sent_at"),
)
# Foreign keys to a user that are not part of the archive, with the reason; a test compares this
# with all models.
EXCLUDED = {
    "accounts.User_groups.user": "unused: access levels grant all rights",
    "accounts.User_user_permissions.user": "unused: access levels grant all rights",
    "agenda.Reminder.user": "which reminders were written; the notifications are there",
    "clubs.RemovedMember.user": "the club's, which the removed user no longer sees",
    "operations.Report.owner": "files of the other tables, which last for a week",
    "core.Usage.user": "counters of the rate limits, short-lived",
    "accounts.Block.blocked": "unknown to the blocked user",
    "accounts.NameSkeleton.user": "derived from the user's names",
    "moderation.Case.person": "complaints of others; moderation_suffered has the decisions",
    "moderation.Case.closed_by": "in moderation_done",
    "admin.LogEntry.user": "the site's log of its administrators' actions",
    "token_blacklist.OutstandingToken.user": "tokens, which give access to the account",
}


def archive_tables() -> list[Table]:
    """Return the tables of lower features, then those registered by higher features."""
    return [*TABLES, *tables()]


def account(user: User) -> Iterable[Row]:
    yield tuple(getattr(user, name) for name in ACCOUNT)


def emails(user: User) -> Iterable[Row]:
    return _rows(EmailAddress.objects.filter(user=user), "email", "verified", "primary")


def preferences(user: User) -> Iterable[Row]:
    saved = preferences_of(user)
    yield tuple(getattr(saved, name) for name in PREFERENCES)


def blocks(user: User) -> Iterable[Row]:
    """Yield the users whom a user blocks, without their names, which are others' data."""
    return _rows(Block.objects.filter(blocker=user).order_by("pk"), *BLOCKS)


def watchlists(user: User) -> Iterable[Row]:
    return _rows(Watchlist.objects.filter(owner=user).order_by("pk"), *WATCHLISTS)


def watchlist_items(user: User) -> Iterable[Row]:
    items = WatchlistItem.objects.filter(watchlist__owner=user)
    items = items.order_by("watchlist", "position", "pk")
    return _rows(items, "watchlist_id", "watchlist__name", "position", "stock__symbol")


def rooms(user: User) -> Iterable[Row]:
    hosted = Room.objects.visible_to(user).filter(host=user)
    return _rows(hosted.order_by("pk"), *ROOMS)


def messages(user: User) -> Iterable[Row]:
    """Yield a user's messages; those in a group that they left, without its name."""
    own = Message.objects.filter(author=user).order_by("sent_at", "pk")
    return _rows(own.annotate(room_name=_room_name(user)), *_named(MESSAGES, room="room_name"))


def reactions(user: User) -> Iterable[Row]:
    own = Reaction.objects.filter(user=user).order_by("pk")
    return _rows(own, "message__room_id", "message__seq", "emoji")


def participations(user: User) -> Iterable[Row]:
    own = Participant.objects.active().filter(user=user).order_by("pk")
    return _rows(own, "room_id", "room__name", "is_muted", "joined_at")


def complaints(user: User) -> Iterable[Row]:
    own = Complaint.objects.filter(reporter=user).order_by("pk")
    paths = {"kind": "case__kind", "id": "case__subject_id", "place": "case__place"}
    return _rows(own, *_named(COMPLAINTS, **paths, decided_at="case__closed_at"))


def moderation_done(user: User) -> Iterable[Row]:
    done = LogEntry.objects.filter(actor=user).order_by("pk")
    return _rows(done, *LOG)


def moderation_suffered(user: User) -> Iterable[Row]:
    """Yield the moderation of a user, without the moderators' names, which are others' data."""
    suffered = LogEntry.objects.filter(target=user).exclude(action=LogEntry.Action.READ_COPY)
    return _rows(suffered.order_by("pk"), *LOG)


def carteira(user: User) -> Iterable[Row]:
    rows = Carteira.objects.filter(owner=user).order_by("ativo__symbol")
    return _rows(rows, "ativo__symbol", "preco_medio", "quantidade", "nota")


def uploads(user: User) -> Iterable[Row]:
    return _rows(Upload.objects.filter(owner=user).order_by("pk"), *UPLOADS)


def notifications(user: User) -> Iterable[Row]:
    return _rows(Notification.objects.filter(user=user).order_by("pk"), *NOTIFICATIONS)


def notification_marks(user: User) -> Iterable[Row]:
    """Yield the user's read and deleted notifications, broadcasts included."""
    marks = Mark.objects.filter(user=user).order_by("pk")
    return _rows(marks, "notification_id", "notification__title", "kind", "at")


def channels(user: User) -> Iterable[Row]:
    return _rows(Channel.objects.filter(user=user).order_by("pk"), *CHANNELS)


def deliveries(user: User) -> Iterable[Row]:
    """Yield deliveries without their content: a mail may contain a link that opens the account."""
    return _rows(Delivery.objects.filter(user=user).order_by("pk"), *DELIVERIES)


def delivery_attempts(user: User) -> Iterable[Row]:
    attempts = Attempt.objects.filter(delivery__user=user).order_by("pk")
    return _rows(attempts, "delivery_id", "at", "outcome", "error")


def broadcasts(user: User) -> Iterable[Row]:
    return _rows(Broadcast.objects.filter(author=user).order_by("pk"), *BROADCASTS)


def audit_details(user: User) -> Iterable[Row]:
    columns = _named(DETAILS, at="entry__at", model="entry__model")
    return _rows(AuditDetail.objects.filter(owner=user), *columns)


def _room_name(user: User, room: str = "room") -> Case:
    """Return the name of a row's room; empty if the user may not read the room any more."""
    left = Participant.objects.filter(room=OuterRef(room), user=user).exclude(left_at=None)
    return Case(When(Exists(left), then=Value("")), default=F(f"{room}__name"))


def _rows(queryset: QuerySet[Any], *names: str) -> Iterable[Row]:
    return queryset.values_list(*names).iterator(chunk_size=CHUNK)


def _named(columns: Iterable[str], **paths: str) -> list[str]:
    return [paths.get(name, name) for name in columns]


LOG = ("place", "action", "detail", "done_at")
TABLES = [
    Table(name="account", columns=ACCOUNT, rows=account),
    Table(name="emails", columns=("email", "verified", "primary"), rows=emails),
    Table(name="preferences", columns=PREFERENCES, rows=preferences),
    Table(name="blocks", columns=BLOCKS, rows=blocks),
    Table(
        name="second_factors",
        columns=("kind", "name", "created_at", "last_used_at"),
        rows=factor_rows,
    ),
    Table(
        name="sessions",
        columns=("device", "place", "created_at", "last_seen_at"),
        rows=session_rows,
    ),
    Table(name="watchlists", columns=WATCHLISTS, rows=watchlists),
    Table(
        name="watchlist_items",
        columns=("watchlist_id", "watchlist", "position", "symbol"),
        rows=watchlist_items,
    ),
    Table(name="rooms", columns=ROOMS, rows=rooms),
    Table(name="messages", columns=MESSAGES, rows=messages),
    Table(name="reactions", columns=("room_id", "seq", "emoji"), rows=reactions),
    Table(
        name="participations",
        columns=("room_id", "room", "is_muted", "joined_at"),
        rows=participations,
    ),
    Table(name="complaints", columns=COMPLAINTS, rows=complaints),
    Table(name="moderation_done", columns=LOG, rows=moderation_done),
    Table(name="moderation_suffered", columns=LOG, rows=moderation_suffered),
    Table(
        name="carteira",
        columns=("ativo", "preco_medio", "quantidade", "nota"),
        rows=carteira,
    ),
    Table(name="uploads", columns=UPLOADS, rows=uploads),
    Table(name="notifications", columns=NOTIFICATIONS, rows=notifications),
    Table(
        name="notification_marks",
        columns=("notification_id", "title", "mark", "at"),
        rows=notification_marks,
    ),
    Table(name="channels", columns=CHANNELS, rows=channels),
    Table(name="deliveries", columns=DELIVERIES, rows=deliveries),
    Table(
        name="delivery_attempts",
        columns=("delivery_id", "at", "outcome", "error"),
        rows=delivery_attempts,
    ),
    Table(name="broadcasts", columns=BROADCASTS, rows=broadcasts),
    Table(name="audit_details", columns=DETAILS, rows=audit_details),
]
