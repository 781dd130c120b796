"""Parsing of the client's query and frames: symbols, resume position, chat message."""

from urllib.parse import parse_qs

from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError
from mainapp.core.frames import Frame
from mainapp.market.events import MAX_TEXT
from mainapp.market.selectors.catalogue import Catalogue

MAX_FIELDS = 5000


def parse_query(query: bytes) -> tuple[list[str], tuple[str, int] | None]:
    """Return the symbols in the URL's query, and (epoch, seq) of a reconnecting client."""
    pairs = b"&".join(query.split(b"&", MAX_FIELDS)[:MAX_FIELDS])
    fields = parse_qs(pairs.decode("latin-1"), errors="replace")
    epoch, seq = fields.get("epoch", [""])[0], fields.get("seq", [""])[0]
    since = (epoch, int(seq)) if epoch and seq.isdecimal() and len(seq) < 16 else None
    return fields.get("stockpicker", []), since


def split_known(requested: list[str], known: Catalogue) -> tuple[list[str], list[str]]:
    """Return the known symbols, once each, and the unknown ones as written."""
    symbols: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for text in requested:
        symbol = known.canonical(text)
        if symbol:
            symbols[symbol] = None
        else:
            unknown[text] = None
    return list(symbols), list(unknown)


def symbols_of(frame: Frame) -> list[str]:
    """Return the frame's symbols. Raises: DomainError `invalid`."""
    symbols = frame.get("symbols")
    if not isinstance(symbols, list) or not all(isinstance(s, str) for s in symbols):
        raise DomainError(
            "invalid", _("symbols é uma lista de textos."), fields={"symbols": "list of str"}
        )
    return symbols


def chat_text(frame: Frame) -> str:
    """Return the frame's chat message. Raises: DomainError `invalid` or `too_long`."""
    text = frame.get("message")
    if not isinstance(text, str) or not text.strip():
        raise DomainError("invalid", _("Escreva uma mensagem."), fields={"message": "1-500"})
    if len(text.strip()) > MAX_TEXT:
        raise DomainError(
            "too_long", _("A mensagem passa de 500 caracteres."), wire={"limit": MAX_TEXT}
        )
    return text.strip()


def too_many(limit: int) -> DomainError:
    limits = {"limit": limit}
    return DomainError(
        "too_many_symbols", _("O limite é de %(limit)s ativos por vez."), limits, wire=limits
    )
