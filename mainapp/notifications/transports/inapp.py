"""In the site itself: the row is the message, and open pages are told to look for it."""

from collections.abc import Callable

from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports.base import Parcel, TransportError

EVERYBODY = "*"


class InAppTransport:
    """Has open pages look at an inbox; an address is a user's id, or EVERYBODY.

    `tell` takes the ids, None for all. It is a hint: one that is lost is made good by the next look
    at the database, so it never fails.
    """

    def __init__(self, tell: Callable[[list[int] | None], None]) -> None:
        self._tell = tell

    def check(self, address: str) -> str:
        if address != EVERYBODY and not (address.isascii() and address.isdecimal()):
            raise TransportError(_("isto não é uma pessoa"), permanent=True)
        return address

    def send(self, parcel: Parcel) -> None:
        address = self.check(parcel.address)
        self._tell(None if address == EVERYBODY else [int(address)])
