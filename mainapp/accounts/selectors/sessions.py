"""Queries of a user's session list."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from allauth.usersessions.models import UserSession
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.accounts.names import device_name
from mainapp.accounts.selectors import users_of_sessions

API = "api"  # the key in a row's `data`
NO_ADDRESS = "0.0.0.0"  # noqa: S104 - stored, never bound


class SessionRow(NamedTuple):
    """A session as shown to its user; `place` is an address without its last part."""

    pk: int
    device: str
    place: str
    is_api: bool
    is_current: bool
    created_at: datetime
    last_seen_at: datetime


def sessions_of(user: User, *, current_key: str | None) -> list[SessionRow]:
    """Return a user's valid sessions, the current one first, then by last use; three queries."""
    rows = list(own_sessions(user))
    valid = users_of_sessions([row.session_key for row in rows])
    shown = [_shown(row, current_key) for row in rows if row.session_key in valid]
    return sorted(shown, key=lambda row: not row.is_current)


def own_sessions(user: User) -> "QuerySet[UserSession]":
    rows: QuerySet[UserSession] = UserSession.objects.filter(user=user)
    return rows.order_by("-last_seen_at", "-pk")


def session_rows(user: User) -> Iterable[tuple[Any, ...]]:
    """Yield the rows of a user's data archive."""
    for row in own_sessions(user):
        yield device_name(row.user_agent), place_of(row.ip), row.created_at, row.last_seen_at


def place_of(masked: str) -> str:
    """Return a masked address for display: `203.0.113.x`, `2001:db8:1::…`."""
    if masked == NO_ADDRESS:
        return _("endereço desconhecido")
    return f"{masked}…" if ":" in masked else f"{masked.rpartition('.')[0]}.x"


def _shown(row: UserSession, current_key: str | None) -> SessionRow:
    return SessionRow(
        pk=row.pk,
        device=device_name(row.user_agent) or _("Aparelho desconhecido"),
        place=place_of(row.ip),
        is_api=bool(row.data.get(API)),
        is_current=row.session_key == current_key,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )
