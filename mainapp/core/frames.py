"""Frames that clients send to sockets: docs/CONTRACTS.md §1."""

from typing import Any

import orjson
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError

MAX_FRAME = 64 * 1024  # bytes; a longer one gets an error
MAX_DEPTH = 32
MAX_ID = 64

Frame = dict[str, Any]


def parse_frame(text: str | None) -> Frame:
    """Return a client's frame. Raises: DomainError `bad_frame`."""
    if text is None:
        raise DomainError("bad_frame", _("Só texto é aceito."))
    if len(text) > MAX_FRAME or len(text.encode(errors="replace")) > MAX_FRAME:
        raise DomainError("bad_frame", _("A mensagem passa de 64 KiB."))
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise DomainError("bad_frame", _("Isto não é JSON.")) from None
    if not isinstance(frame, dict):
        raise DomainError("bad_frame", _("A mensagem precisa ser um objeto."))
    if _is_deep(frame):
        raise DomainError("bad_frame", _("A mensagem está aninhada demais."))
    return frame


def frame_id_of(frame: Frame) -> Any:
    """Return the frame's id or None. Raises: DomainError `invalid`."""
    frame_id = frame.get("id")
    if frame_id is None or (isinstance(frame_id, int) and not isinstance(frame_id, bool)):
        return frame_id
    if not isinstance(frame_id, str) or len(frame_id) > MAX_ID:
        raise DomainError(
            "invalid", _("O id é um texto de até 64 caracteres."), fields={"id": "max 64"}
        )
    return frame_id


def echo(frame: Frame) -> Frame:
    """Return the id of `frame`, if any, to include in the reply."""
    return {"id": frame["id"]} if frame.get("id") is not None else {}


def _is_deep(frame: Frame) -> bool:
    level: list[Any] = [frame]
    for _depth in range(MAX_DEPTH):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
