"""Addresses of alerts that are not the account's: nothing goes there before they are verified."""

from datetime import datetime
from typing import Literal

from mainapp.accounts.models import User
from mainapp.notifications.models import Channel
from mainapp.notifications.selectors.channels import channels_of
from mainapp.notifications.services.channels import add_channel

Standing = Literal["account", "verified", "off", "waiting", "asked"]


def ask_for_address(*, owner: User, email: str, at: datetime) -> Standing:
    """Have a new address verified, and tell where it stands: `asked` when a link was sent just now.

    Raises: DomainError when it is refused as a channel, or is one too many.
    """
    if not email:
        return "account"
    known = channels_of(owner).filter(kind=Channel.Kind.EMAIL, address__iexact=email).first()
    if known is None:
        add_channel(user=owner, kind=Channel.Kind.EMAIL, address=email, at=at)
        return "asked"
    if known.verified_at is None:
        return "waiting"
    return "verified" if known.is_active else "off"
