"""Delivery inside the site: the row is the message, and open pages are notified to read it."""

from collections.abc import Callable

from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports.base import Message, Target, TransportError

EVERYBODY = "*"


class InAppTransport:
    """Makes open pages read an inbox; an address is a user's id, or EVERYBODY.

    `notify` receives the ids, None for all. It sends a hint and never fails: hubs also poll the
    database, so a lost hint is only a delay.
    """

    def __init__(self, notify: Callable[[list[int] | None], None]) -> None:
        self._notify = notify

    def check(self, address: str, secret: str = "") -> Target:
        if address != EVERYBODY and not (address.isascii() and address.isdecimal()):
            raise TransportError(_("isto não é uma pessoa"), permanent=True)
        return Target(address)

    def send(self, message: Message) -> None:
        address = self.check(message.address).address
        self._notify(None if address == EVERYBODY else [int(address)])
