"""The people whom a campaign reaches: all users, an audience such as a club, or a filter."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from allauth.account import app_settings as allauth
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mainapp.accounts.models import User, language_of
from mainapp.core.audience import users_in
from mainapp.notifications.models import Broadcast


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person to whom a campaign's e-mail is written."""

    user_id: int
    address: str
    name: str
    username: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The number of people whom a campaign reaches now, and of those who get its e-mail."""

    people: int
    mails: int


def people_in(broadcast: Broadcast) -> QuerySet[User]:
    """Return the active users of a campaign's audience, as it is now."""
    users = User.objects.filter(is_active=True).order_by("pk")
    if broadcast.audience:
        users = users.filter(pk__in=users_in(broadcast.audience))
    return users.filter(_condition(broadcast.conditions or {}))


def mailable(users: QuerySet[User]) -> QuerySet[User]:
    """Return those users who get e-mails of campaigns, at the account's own address."""
    users = users.exclude(email="").exclude(preferences__gets_news=False)
    return users.filter(_is_verified()) if _needs_verification() else users


def recipients_of(broadcast: Broadcast, ids: Collection[int]) -> dict[int, Recipient]:
    """Return those of the users who get a campaign's e-mail, by id; one query, two for a club."""
    users = mailable(people_in(broadcast)).filter(pk__in=ids).select_related("preferences")
    return {user.pk: recipient_of(user) for user in users}


def recipient_of(user: User) -> Recipient:
    return Recipient(
        user_id=user.pk,
        address=user.email,
        name=user.name,
        username=user.username,
        language=language_of(user),
    )


def reach_of(broadcast: Broadcast) -> Reach:
    """Return whom a campaign reaches now; two queries, four for a club."""
    users = people_in(broadcast).order_by()
    mails = mailable(users).count() if broadcast.is_email else 0
    return Reach(people=users.count(), mails=mails)


def _condition(conditions: dict[str, Any]) -> Q:
    condition = Q()
    for name, value in conditions.items():
        condition &= _CONDITIONS[name](value)
    return condition


def _speaks(language: str) -> Q:
    condition = Q(preferences__language=language)
    if language == settings.LANGUAGE_CODE:
        condition |= Q(preferences=None) | Q(preferences__language="")
    return condition


def _needs_verification() -> bool:
    return bool(allauth.EMAIL_VERIFICATION != allauth.EmailVerificationMethod.NONE)


def _is_verified(is_verified: bool = True) -> Q:
    verified = EmailAddress.objects.filter(
        user=OuterRef("pk"), verified=True, email__iexact=OuterRef("email")
    )
    return Q(Exists(verified)) if is_verified else ~Q(Exists(verified))


def _midnight(day: str) -> datetime:
    return timezone.make_aware(datetime.combine(date.fromisoformat(day), time.min))


# The conditions of a filter: names of the form's fields, and JSON values.
_CONDITIONS: dict[str, Any] = {
    "language": _speaks,
    "joined_after": lambda day: Q(date_joined__gte=_midnight(day)),
    "joined_before": lambda day: Q(date_joined__lt=_midnight(day)),
    "active_since": lambda day: Q(last_login__gte=_midnight(day)),
    "is_verified": _is_verified,
    "level": lambda level: Q(access_level=level),
}
