"""Django e-mail backend that writes each mail as a row of the outbox, for a worker to send.

A rollback therefore sends nothing, a mail server that hangs blocks no page, and failed mails are
retried.
"""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from mainapp.notifications.services.notices import Letter, write_delivery


class OutboxBackend(BaseEmailBackend):
    """Writes a delivery for each recipient; accepts text and HTML, no attachments."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        letters = [(message, _letters(message)) for message in email_messages]
        with transaction.atomic():
            for _message, letters_of_message in letters:
                for letter in letters_of_message:
                    write_delivery(letter=letter)
        return len(letters)


def _letters(message: EmailMessage) -> list[Letter]:
    if message.attachments:
        raise ValueError("the outbox does not accept attachments")
    alternatives = message.alternatives if isinstance(message, EmailMultiAlternatives) else []
    is_html = message.content_subtype == "html"
    body = str(message.body)
    html = next((str(content) for content, mimetype in alternatives if mimetype == "text/html"), "")
    headers = {name: str(value) for name, value in message.extra_headers.items()}
    # The site's own sender is added when the mail is sent, so that a corrected setting also applies
    # to waiting rows.
    if message.from_email != settings.DEFAULT_FROM_EMAIL:
        headers.setdefault("From", message.from_email)
    return [
        Letter(
            kind="email",
            address=address,
            subject=str(message.subject),
            text="" if is_html else body,
            html=body if is_html else html,
            headers=headers,
            message_id=headers.get("Message-ID", ""),
        )
        for address in dict.fromkeys(message.recipients())
    ]
