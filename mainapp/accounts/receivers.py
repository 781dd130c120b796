"""Publish ended log-ins after the commit, remember browsers at a log-in, and record names."""

from typing import Any

from allauth.account.signals import password_reset
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone

from mainapp.accounts.browsers import remember_browser
from mainapp.accounts.events import LOGINS, LoginEnded
from mainapp.accounts.models import User
from mainapp.accounts.services.log_ins import end_log_ins
from mainapp.accounts.services.names import record_names
from mainapp.accounts.services.presence import announce_presence, forget_presence
from mainapp.accounts.services.sessions import record_session
from mainapp.accounts.signals import block_changed
from mainapp.core.addresses import client_address
from mainapp.core.realtime import GroupMessage, publish_on_commit

FIELDS = ("password", "is_active", "access_level", "is_superuser", "suspended_until")
NAMES = ("username", "display_name")


@receiver(user_logged_in)
@receiver(password_reset)
def remember_users_browser(request: Any, user: User, **_kwargs: Any) -> None:
    """Make a browser known after a log-in, or after a password reset by a mailed link."""
    if request is not None:
        remember_browser(request, user)


@receiver(user_logged_in)
def list_session(request: Any, user: User, **_kwargs: Any) -> None:
    """Add a log-in on the site to its user's session list; the API adds its own with the tokens."""
    if request is not None and request.session.session_key:
        record_session(
            user=user,
            session_key=request.session.session_key,
            address=client_address(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            at=timezone.now(),
        )


@receiver(post_delete, sender=Session)
def end_session(instance: Session, **_kwargs: Any) -> None:
    """Close the sockets of a deleted session, unless it was an expired one being cleaned up.

    Also remove it from its user's list.
    """
    if instance.expire_date > timezone.now():
        UserSession.objects.filter(session_key=instance.session_key).delete()
        user = instance.get_decoded().get(SESSION_KEY)
        if user is not None:
            _publish_end(int(user), session=instance.session_key)


@receiver(pre_save, sender=User)
def remember_fields(instance: User, raw: bool, update_fields: Any, **_kwargs: Any) -> None:
    """Store the fields' old values for the receivers below; one query if they may change."""
    may_change = update_fields is None or not update_fields.isdisjoint((*FIELDS, *NAMES))
    before = None
    if may_change and not raw and not instance._state.adding:
        before = User.objects.filter(pk=instance.pk).values(*FIELDS, *NAMES).first()
    instance._before = before  # type: ignore[attr-defined] # from here to end_logins


@receiver(post_save, sender=User)
def record_new_names(instance: User, raw: bool, created: bool, **_kwargs: Any) -> None:
    before = instance.__dict__.get("_before")
    if raw:  # of a fixture: its NameSkeletons are in it
        return
    if created or (before and any(before[name] != getattr(instance, name) for name in NAMES)):
        record_names(user=instance)


@receiver(post_save, sender=User)
def end_logins(instance: User, **_kwargs: Any) -> None:
    """End a user's log-ins if the password changed or they were deactivated.

    If only the access level or a suspension changed, the client reconnects under the same log-in.
    """
    before = instance.__dict__.pop("_before", None)
    if not before:
        return
    changed = {field for field in FIELDS if before[field] != getattr(instance, field)}
    if "is_active" in changed:
        end_log_ins(user=instance)
        forget_presence(instance.pk)
    if changed:
        _publish_end(instance.pk)


@receiver(post_delete, sender=User)
def end_logins_of_deleted_user(instance: User, **_kwargs: Any) -> None:
    _publish_end(instance.pk)
    forget_presence(instance.pk)


@receiver(block_changed)
def update_presence(blocker: User, blocked: User, **_kwargs: Any) -> None:
    announce_presence([blocker.pk, blocked.pk])


def _publish_end(user: int, *, session: str | None = None) -> None:
    ended = LoginEnded(type="login.ended", user=user, session=session)
    publish_on_commit([GroupMessage(LOGINS, ended)])
