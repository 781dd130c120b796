"""Readers of client frames: strings and numbers."""

import re
from uuid import UUID

from django.utils.translation import gettext_noop as _

from mainapp.core.consumers import Frame
from mainapp.forum.exceptions import Invalid

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def body_of(frame: Frame) -> str:
    """Return the frame's text. Raises: Invalid."""
    body = frame.get("body")
    if not isinstance(body, str):
        raise Invalid(_("Escreva uma mensagem."), fields={"body": "1-4000"})
    return body


def client_id_of(frame: Frame) -> UUID:
    """Return the sender's own id of a message. Raises: Invalid."""
    text = frame.get("client_id")
    if not isinstance(text, str) or not UUID_TEXT.fullmatch(text):
        raise Invalid(_("client_id é um UUID."), fields={"client_id": "uuid"})
    return UUID(text)


def number_of(frame: Frame, name: str, *, least: int = 0) -> int:
    """Return a number of the frame. Raises: Invalid."""
    number = frame.get(name)
    if type(number) is not int or number < least:
        raise Invalid(_("O número não vale."), fields={name: f"int >= {least}"})
    return number
