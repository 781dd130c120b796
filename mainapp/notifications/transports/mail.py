"""E-mail: by the site's SMTP server, or into files where it has none."""

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

from mainapp.notifications.transports.base import Parcel, TransportError

# Said of the site's own login, whatever the recipient: it may be mended.
LOGIN_CODES = range(530, 540)


class MailTransport:
    """Sends by the backend that the settings name; a connection for each message."""

    def check(self, address: str) -> str:
        try:
            validate_email(address)
        except ValidationError:
            raise TransportError(_("isto não é um e-mail"), permanent=True) from None
        return address

    def send(self, parcel: Parcel) -> None:
        headers = {"Message-ID": parcel.message_id, **parcel.headers}
        message = EmailMultiAlternatives(
            parcel.subject,
            parcel.text,
            headers.pop("From", settings.DEFAULT_FROM_EMAIL),
            [parcel.address],
            headers=headers,
            connection=get_connection(settings.DELIVERY_EMAIL_BACKEND),
        )
        if parcel.html:
            message.attach_alternative(parcel.html, "text/html")
        try:
            message.send()
        except SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _answered(code, text) from error
        except SMTPAuthenticationError as error:
            raise TransportError(_("o site não pôde entrar no servidor de e-mail")) from error
        except SMTPDataError as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except SMTPResponseException as error:
            raise TransportError(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except (SMTPException, OSError) as error:
            raise TransportError(str(error) or type(error).__name__) from error
        except ValueError as error:  # a line break in a header
            raise TransportError(str(error), permanent=True) from error


def _answered(code: int, text: bytes | str) -> TransportError:
    """Return the error for what the server said of this recipient or this message."""
    permanent = 500 <= code < 600 and code not in LOGIN_CODES
    return TransportError(f"{code} {_text(text)}", permanent=permanent)


def _text(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text
