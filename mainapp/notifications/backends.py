"""Django's e-mail backend of the site: a mail is a row of the outbox, which a worker sends.

So a rollback sends nothing, a mail server that hangs holds up no page, and what fails is tried
again.
"""

from collections.abc import Sequence

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from mainapp.notifications.services.notices import Letter, write_delivery


class OutboxBackend(BaseEmailBackend):
    """Writes a delivery for each recipient; takes text and HTML, no attachments."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        letters = [(message, _letters(message)) for message in email_messages]
        with transaction.atomic():
            for _message, each in letters:
                for letter in each:
                    write_delivery(letter=letter)
        return len(letters)


def _letters(message: EmailMessage) -> list[Letter]:
    if message.attachments:
        raise ValueError("the outbox takes no attachments")
    alternatives = message.alternatives if isinstance(message, EmailMultiAlternatives) else []
    is_html = message.content_subtype == "html"
    body = str(message.body)
    html = next((str(one[0]) for one in alternatives if one[1] == "text/html"), "")
    headers = {name: str(value) for name, value in message.extra_headers.items()}
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
