"""Plain text for chat services: escaped character by character, cut to a service's limit."""

import unicodedata
from collections.abc import Callable
from itertools import accumulate

from mainapp.notifications.transports.base import Message

ELLIPSIS = "…"
JOINER = "\u200d"  # ties the parts of an emoji together
ATTACHED = {JOINER, "\ufe0e", "\ufe0f", "\u20e3", *map(chr, range(0x1F3FB, 0x1F400))}

Escape = Callable[[str], str]  # for one character
Measure = Callable[[str], int]


def utf8_length(text: str) -> int:
    return len(text.encode("utf-8", errors="replace"))


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 units, as Telegram and Discord count it: an emoji is two."""
    return len(text.encode("utf-16-le", errors="replace")) // 2


def cut(text: str, *, limit: int, escape: Escape = str, measure: Measure = len) -> str:
    """Return the escaped text, at most `limit` long by `measure`; a cut text ends in `…`.

    Never cuts inside an escape sequence, or between a character and its accents or emoji parts.
    """
    pieces = [escape(character) for character in text]
    if sum(map(measure, pieces)) <= limit:
        return "".join(pieces)
    budget = limit - measure(ELLIPSIS)
    end = sum(total <= budget for total in accumulate(map(measure, pieces)))
    while end and _is_attached(text[end - 1], text[end]):
        end -= 1
    return "".join(pieces[:end]).rstrip() + ELLIPSIS


def compose(message: Message, *, limit: int, escape: Escape = str, measure: Measure = len) -> str:
    """Return subject, text and link on separate lines; the link is neither cut nor escaped."""
    link = f"\n{message.url}" if message.url else ""
    body = f"{message.subject}\n{message.text}".strip()
    return cut(body, limit=limit - measure(link), escape=escape, measure=measure) + link


def _is_attached(before: str, character: str) -> bool:
    is_mark = unicodedata.combining(character) > 0 or character in ATTACHED
    return is_mark or before == JOINER
