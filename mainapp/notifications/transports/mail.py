"""E-mail, through the site's SMTP server or, without one, into files."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports import smtp
from mainapp.notifications.transports.base import Message, Target, TransportError

FILES = "django.core.mail.backends.filebased.EmailBackend"


class MailTransport:
    """Sends messages to the server in the settings, with one connection per message."""

    def check(self, address: str, secret: str = "") -> Target:
        try:
            validate_email(address)
        except ValidationError:
            raise TransportError(_("isto não é um e-mail"), permanent=True) from None
        return Target(address)

    def send(self, message: Message) -> None:
        mail = _build(message)
        try:
            built: Any = mail.message()
            content = built.as_bytes(linesep="\r\n")
            sender = sanitize_address(mail.from_email, "utf-8")
            recipient = sanitize_address(message.address, "utf-8")
        except ValueError as error:  # a line break in a header
            raise TransportError(str(error), permanent=True) from error
        if settings.EMAIL_HOST:
            self._send(sender=sender, recipient=recipient, content=content)
            return
        try:
            get_connection(FILES).send_messages([mail])
        except OSError as error:
            text = _("o site não pôde gravar a mensagem")
            raise TransportError(text, is_ours=True, detail=str(error)) from error

    def _send(self, **envelope: Any) -> None:
        smtp.send(configured_server(), **envelope)


class PersistentMailTransport(MailTransport):
    """Sends messages one after the other, over one connection."""

    def __init__(self) -> None:
        self._connection = smtp.PersistentConnection()

    def _send(self, **envelope: Any) -> None:
        self._connection.send(configured_server(), **envelope)

    def close(self) -> None:
        self._connection.close()


def _build(message: Message) -> EmailMultiAlternatives:
    headers = {"Message-ID": message.message_id, **message.headers}
    if message.request_id:
        headers["X-Request-ID"] = message.request_id
    mail = EmailMultiAlternatives(
        message.subject,
        message.text,
        headers.pop("From", settings.DEFAULT_FROM_EMAIL),
        [message.address],
        headers=headers,
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


def configured_server() -> smtp.Server:
    return smtp.Server(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        security=settings.EMAIL_SECURITY,
    )
