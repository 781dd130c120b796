"""Destinations of a user's notifications outside the inbox."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from allauth.account import app_settings as allauth
from allauth.account.models import EmailAddress
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from mainapp.accounts.models import User
from mainapp.notifications.models import Channel, Delivery, shown_address
from mainapp.notifications.policies import INBOX_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A verified address; `channel_id` None is the account's own e-mail address."""

    kind: str
    address: str
    channel_id: int | None = None
    name: str = ""

    @property
    def shown_address(self) -> str:
        """The name, or the address for display."""
        return self.name or shown_address(self.kind, self.address)


def deliveries_for(users: Collection[User | int], kind: str) -> dict[int, list[Destination]]:
    """Return the destinations of notifications of this kind, by user id.

    These are the verified and active channels and, unless switched off, the account's e-mail
    address where it is verified or the site requires no verification. Three queries, however many
    users; every requested user is in the result.
    """
    ids = [user if isinstance(user, int) else user.pk for user in users]
    destinations: dict[int, list[Destination]] = {pk: [] for pk in ids}
    if kind in INBOX_ONLY or not ids:
        return destinations
    switched_off = set()
    for channel in Channel.objects.filter(user__in=ids):
        if channel.is_account:
            switched_off |= set() if channel.is_active else {channel.user_id}
        elif channel.is_active and channel.verified_at and channel.is_supported:
            destinations[channel.user_id].append(_destination(channel))
    for pk, address in account_addresses([pk for pk in ids if pk not in switched_off]).items():
        destinations[pk].insert(0, Destination(kind=Channel.Kind.EMAIL, address=address))
    return destinations


def account_addresses(ids: Collection[int]) -> dict[int, str]:
    """Return the usable account e-mail address of each active user that has one."""
    users = User.objects.filter(pk__in=ids, is_active=True).exclude(email="")
    addresses = dict(users.values_list("pk", "email"))
    if allauth.EMAIL_VERIFICATION == allauth.EmailVerificationMethod.NONE:
        return addresses
    verified = EmailAddress.objects.filter(user__in=ids, verified=True)
    known = {(pk, email.lower()) for pk, email in verified.values_list("user", "email")}
    return {pk: email for pk, email in addresses.items() if (pk, email.lower()) in known}


def channels_of(user: User) -> QuerySet[Channel]:
    """Return the channels that a user added, oldest first, without the account's own address."""
    return Channel.objects.filter(user=user).exclude(kind=Channel.Kind.EMAIL, address="")


def channels_with_outcomes(user: User) -> QuerySet[Any]:
    """Return the same channels with the state and time of their newest delivery. One query."""
    newest = Delivery.objects.filter(channel=OuterRef("pk")).order_by("-pk")
    return channels_of(user).annotate(
        last_state=Subquery(newest.values("state")[:1]),
        last_at=Subquery(newest.values("created_at")[:1]),
    )


def device_of(user: User, pk: int | None) -> Channel | None:
    """Return the user's device with this key, if it still exists. One query, none without a key."""
    if pk is None:
        return None
    return channels_of(user).filter(pk=pk, kind=Channel.Kind.PUSH).first()


def device_count() -> int:
    """Return the number of browsers that get notifications of this site."""
    return Channel.objects.filter(kind=Channel.Kind.PUSH).count()


def places_of(user: User) -> list[tuple[str, str, str]]:
    """Return the name, the address and the state of each of a user's destinations. One query.

    The account's own mail, first, has no address; states are `ok`, `unused` and `resting`.
    """
    channels = list(Channel.objects.filter(user=user))
    is_mail_on = all(channel.is_active for channel in channels if channel.is_account)
    account = (gettext("E-mail da conta"), "", "ok" if is_mail_on else "unused")
    return [account, *(_place(channel) for channel in channels if not channel.is_account)]


def _place(channel: Channel) -> tuple[str, str, str]:
    if channel.is_supported and not channel.verified_at:
        state = "resting"
    else:
        state = "ok" if channel.is_supported and channel.is_active else "unused"
    return str(channel.get_kind_display()), channel.shown_address, state


def is_account_mail_on(user: User) -> bool:
    """Return whether notifications go to the account's own address."""
    return not Channel.objects.filter(
        user=user, kind=Channel.Kind.EMAIL, address="", is_active=False
    ).exists()


def _destination(channel: Channel) -> Destination:
    return Destination(
        kind=channel.kind, address=channel.address, channel_id=channel.pk, name=channel.name
    )
