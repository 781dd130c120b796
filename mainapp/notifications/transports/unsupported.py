"""Transport of services that are no longer supported: their channels are shown but never used."""

from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports.base import Message, Target
from mainapp.notifications.transports.posting import invalid


class UnsupportedTransport:
    def check(self, address: str, secret: str = "") -> Target:
        raise invalid(_("este serviço não é mais aceito"))

    def send(self, message: Message) -> None:
        self.check(message.address)
