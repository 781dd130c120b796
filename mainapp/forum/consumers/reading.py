"""Readers of client frames: strings and numbers."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop as _

from mainapp.core.frames import Frame
from mainapp.forum.exceptions import Invalid

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def body_of(frame: Frame) -> str:
    """Return the frame's text. Raises: Invalid."""
    body = frame.get("body")
    if not isinstance(body, str):
        raise Invalid(_("Escreva uma mensagem."), fields={"body": "1-4000"})
    return body


def sent_message(frame: Frame) -> dict[str, Any]:
    """Return the arguments of `post_message` in a `send` frame. Raises: Invalid.

    Without a client_id, the frame's `id` identifies the ack, and sending again is another message.
    Frames with a `type_message` need neither.
    """
    is_repeatable = "client_id" in frame or not (
        "type_message" in frame or frame.get("id") is not None
    )
    return {
        "client_id": client_id_of(frame) if is_repeatable else None,
        "body": frame.get("body"),
        "kind": frame.get("kind", frame.get("type_message")),
        "content": frame.get("content"),
        "reply_to": None if frame.get("reply_to") is None else number_of(frame, "reply_to"),
    }


def reaction_of(frame: Frame) -> tuple[str, bool]:
    """Return an emoji, and whether it is added. Raises: Invalid."""
    emoji, is_on = frame.get("emoji"), frame.get("on")
    if not isinstance(emoji, str) or not isinstance(is_on, bool):
        raise Invalid(_("Falta a reação."), fields={"emoji": "text", "on": "bool"})
    return emoji, is_on


def until_of(frame: Frame) -> datetime | None:
    """Return the time until which a room is muted, None to end it. Raises: Invalid."""
    text = frame.get("until")
    if text is None and "until" in frame:
        return None
    try:
        until = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        raise Invalid(_("Esta data e hora não é válida."), fields={"until": "ISO 8601, or null"})
    return until


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
