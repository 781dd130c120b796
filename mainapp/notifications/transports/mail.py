"""E-mail, through the site's SMTP server or, without one, into files."""

from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.utils.translation import gettext_noop as _

from mainapp.notifications.transports.base import Message, Target, TransportError

# Errors of the site's own log-in, which an administrator can repair: never the recipient's fault.
LOGIN_CODES = range(530, 540)


class MailTransport:
    """Sends through the backend in the settings, with a connection for each message."""

    def check(self, address: str, secret: str = "") -> Target:
        try:
            validate_email(address)
        except ValidationError:
            raise TransportError(_("isto não é um e-mail"), permanent=True) from None
        return Target(address)

    def send(self, message: Message) -> None:
        headers = {"Message-ID": message.message_id, **message.headers}
        mail = EmailMultiAlternatives(
            message.subject,
            message.text,
            headers.pop("From", settings.DEFAULT_FROM_EMAIL),
            [message.address],
            headers=headers,
            connection=get_connection(settings.DELIVERY_EMAIL_BACKEND),
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        try:
            mail.send()
        except SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _recipient_error(code, text) from error
        except SMTPAuthenticationError as error:
            raise TransportError(_("o site não pôde entrar no servidor de e-mail")) from error
        except SMTPDataError as error:
            raise _recipient_error(error.smtp_code, error.smtp_error) from error
        except SMTPResponseException as error:
            raise TransportError(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except (SMTPException, OSError) as error:
            raise TransportError(str(error) or type(error).__name__) from error
        except ValueError as error:  # a line break in a header
            raise TransportError(str(error), permanent=True) from error


def _recipient_error(code: int, text: bytes | str) -> TransportError:
    """Return the error for the server's answer about this recipient or this message."""
    permanent = 500 <= code < 600 and code not in LOGIN_CODES
    return TransportError(f"{code} {_text(text)}", permanent=permanent)


def _text(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text
