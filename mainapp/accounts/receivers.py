"""Publishes the end of log-ins to every process, after the commit."""

from typing import Any, Literal

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone

from mainapp.accounts.events import LOGINS, LoginEnded
from mainapp.accounts.models import User
from mainapp.core.consumers import COME_AGAIN, SESSION_ENDED
from mainapp.core.realtime import GroupMessage, publish_on_commit

FIELDS = ("password", "is_active", "access_level")


@receiver(post_delete, sender=Session)
def end_session(instance: Session, **_kwargs: Any) -> None:
    """Close the sockets of a session that was ended, not of an expired one that is cleaned up."""
    if instance.expire_date > timezone.now():
        user = instance.get_decoded().get(SESSION_KEY)
        if user is not None:
            _publish_end(int(user), session=instance.session_key)


@receiver(pre_save, sender=User)
def note_before(instance: User, raw: bool, update_fields: Any, **_kwargs: Any) -> None:
    """Remember the row for `end_logins`; costs a query when these fields may change."""
    is_concerned = update_fields is None or not update_fields.isdisjoint(FIELDS)
    before = None
    if is_concerned and not raw and not instance._state.adding:
        before = User.objects.filter(pk=instance.pk).values(*FIELDS).first()
    instance._before = before  # type: ignore[attr-defined] # from here to end_logins


@receiver(post_save, sender=User)
def end_logins(instance: User, **_kwargs: Any) -> None:
    """Close a user's sockets when the password changed, or what the user may do."""
    before = instance.__dict__.pop("_before", None)
    if not before:
        return
    changed = {field for field in FIELDS if before[field] != getattr(instance, field)}
    if changed & {"password", "is_active"}:
        _publish_end(instance.pk)
    elif changed:
        _publish_end(instance.pk, code=COME_AGAIN)


@receiver(post_delete, sender=User)
def end_deleted(instance: User, **_kwargs: Any) -> None:
    _publish_end(instance.pk)


def _publish_end(
    user: int, *, session: str | None = None, code: Literal[4401, 1012] = SESSION_ENDED
) -> None:
    ended = LoginEnded(type="login.ended", user=user, session=session, code=code)
    publish_on_commit([GroupMessage(LOGINS, ended)])
