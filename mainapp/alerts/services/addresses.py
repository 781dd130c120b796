"""Additional e-mail addresses of alerts, which receive nothing until they are verified."""

from datetime import datetime
from typing import Literal

from mainapp.accounts.models import User
from mainapp.notifications.models import Channel
from mainapp.notifications.selectors.channels import channels_of
from mainapp.notifications.services.channels import add_channel

AddressStatus = Literal["account", "verified", "off", "waiting", "requested"]


def request_address(*, owner: User, email: str, at: datetime) -> AddressStatus:
    """Start the verification of a new address and return its status.

    `requested` means that a link was sent just now. Raises: DomainError if the address is refused
    as a channel or exceeds the limit of channels.
    """
    if not email:
        return "account"
    known = channels_of(owner).filter(kind=Channel.Kind.EMAIL, address__iexact=email).first()
    if known is None:
        add_channel(user=owner, kind=Channel.Kind.EMAIL, address=email, at=at)
        return "requested"
    if known.verified_at is None:
        return "waiting"
    return "verified" if known.is_active else "off"
