"""A user's session list: recording log-ins and activity, ending one or all other sessions."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef

from mainapp.accounts.models import User
from mainapp.accounts.policies import ACTIVITY, ACTIVITY_S
from mainapp.accounts.selectors.sessions import API, own_sessions
from mainapp.core.addresses import masked_address
from mainapp.core.audit import gathering
from mainapp.core.limits import of_text, try_consume

MAX_USER_AGENT = 200


def record_session(
    *,
    user: User,
    session_key: str,
    address: str,
    user_agent: str,
    at: datetime,
    is_api: bool = False,
) -> None:
    """Add a log-in to its user's session list. One query; safe to repeat."""
    row = UserSession(
        user=user,
        session_key=session_key,
        ip=masked_address(address),
        user_agent=user_agent[:MAX_USER_AGENT],
        created_at=at,
        last_seen_at=at,
        data={API: True} if is_api else {},
    )
    UserSession.objects.bulk_create([row], ignore_conflicts=True)
    try_consume(ACTIVITY, of_text(session_key))


def record_seen(
    *, user: User, session_key: str, address: str, user_agent: str, at: datetime
) -> None:
    """Record a session's last activity, at most once in ACTIVITY_S; otherwise no query.

    Also adds sessions that were opened before the list existed.
    """
    if try_consume(ACTIVITY, of_text(session_key)).is_refused:
        return
    before = at - timedelta(seconds=ACTIVITY_S)
    row = UserSession.objects.filter(session_key=session_key, last_seen_at__lte=before)
    if not row.update(last_seen_at=at, ip=masked_address(address)):
        record_session(
            user=user, session_key=session_key, address=address, user_agent=user_agent, at=at
        )


def end_session(*, user: User, pk: int) -> None:
    """End one of a user's log-ins, with its cookie or tokens, tickets and sockets.

    Raises: UserSession.DoesNotExist.
    """
    with transaction.atomic(), gathering():
        row = own_sessions(user).get(pk=pk)
        _end([row])


def end_other_sessions(*, user: User, session_key: str | None) -> int:
    """End all of a user's log-ins except one; return their number."""
    with transaction.atomic(), gathering():
        rows = list(own_sessions(user).exclude(session_key=session_key or ""))
        _end(rows)
    return len(rows)


def forget_ended_sessions() -> None:
    """Delete the rows of ended sessions, without an audit entry for each."""
    sessions = Session.objects.filter(session_key=OuterRef("session_key"))
    gone = UserSession.objects.filter(~Exists(sessions))
    gone._raw_delete(gone.db)


def _end(rows: list[UserSession]) -> None:
    keys = [row.session_key for row in rows]
    # The receiver of the sessions' deletion closes their sockets after the commit.
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
