"""Reading typed messages of clients: `{"kind", "content"}` or `{"body"}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _

from mainapp.core.paths import MAX_KEY
from mainapp.core.rendering import REL
from mainapp.forum.exceptions import Invalid, TooLong
from mainapp.forum.models import Message
from mainapp.forum.policies import clean_body, is_too_long

Kind = Message.Kind

MAX_ADDRESS = 2000
MAX_TITLE = 200
# The fields of the content of each kind that clients may send.
FIELDS: Mapping[str, tuple[str, ...]] = {
    Kind.TEXT: ("text",),
    Kind.IMAGE: ("upload", "url", "width", "height", "caption"),
    Kind.LINK: ("url", "title"),
    Kind.FILE: ("upload", "name", "size"),
}
_SPACE = re.compile(r"[\s\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that a client sent, checked; `text` is rendered, unless there is `html`."""

    kind: str = Kind.TEXT
    text: str = ""
    html: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    upload: int | None = None


def draft_of(body: Any = None, *, kind: Any = None, content: Any = None) -> Draft:
    """Return a client's message: a `body`, or the `content` of a `kind`, which is text by default.

    Raises: Invalid, TooLong.
    """
    kind = Kind.TEXT if kind is None else kind
    if content is None:
        content = {"text": body} if kind == Kind.TEXT else None
        name = "body" if kind == Kind.TEXT else "content"
    else:
        name = "content"
    if not isinstance(kind, str) or kind not in FIELDS:
        raise Invalid(_("Este tipo de mensagem não existe."), fields={"kind": "|".join(FIELDS)})
    if not isinstance(content, Mapping):
        raise Invalid(_("Falta o conteúdo da mensagem."), fields={"content": "object"})
    if kind == Kind.TEXT:
        return Draft(text=checked_text(content.get("text"), name=name))
    if kind == Kind.LINK:
        return _link(content.get("url"), content.get("title"))
    if kind == Kind.IMAGE and content.get("upload") is None:
        return _link(content.get("url"), content.get("caption"))  # a picture of another site
    return _attached(kind, content)


def _attached(kind: str, content: Mapping[str, Any]) -> Draft:
    """Return a picture with its caption, or a file; `post_message` attaches the upload."""
    pk, caption = content.get("upload"), content.get("caption")
    if type(pk) is not int or not 0 < pk <= MAX_KEY:
        raise Invalid(_("Este arquivo não existe."), fields={"content.upload": "unknown"})
    if caption is not None and not isinstance(caption, str):
        raise Invalid(_("A legenda precisa ser um texto."), fields={"content.caption": "0-4000"})
    text = clean_body(caption or "") if kind == Kind.IMAGE else ""
    if is_too_long(text):
        raise TooLong
    return Draft(kind=kind, text=text, upload=pk)


def checked_text(text: Any, *, name: str = "body") -> str:
    """Return a message's text, cleaned. Raises: Invalid, TooLong."""
    cleaned = clean_body(text) if isinstance(text, str) else ""
    if not cleaned:
        raise Invalid(_("Escreva uma mensagem."), fields={name: "1-4000"})
    if is_too_long(cleaned):
        raise TooLong
    return cleaned


def _link(url: Any, title: Any) -> Draft:
    """Return a link to another site. The server never fetches it."""
    address = url.strip() if isinstance(url, str) else ""
    if not _is_web_address(address):
        raise Invalid(
            _("O endereço precisa começar com https:// ou http://."),
            fields={"content.url": f"http, 1-{MAX_ADDRESS}"},
        )
    if title is not None and not isinstance(title, str):
        raise Invalid(
            _("O título precisa ser um texto."), fields={"content.title": f"0-{MAX_TITLE}"}
        )
    line = " ".join(clean_body(title or "").split())[:MAX_TITLE]
    shown = escape(line or address)
    return Draft(
        kind=Kind.LINK,
        text=f"{line}\n{address}".strip(),
        html=f'<p><a href="{escape(address)}" rel="{REL}">{shown}</a></p>',
        content={"url": address, "title": line},
    )


def _is_web_address(address: str) -> bool:
    if not 0 < len(address) <= MAX_ADDRESS or _SPACE.search(address):
        return False
    if clean_body(address) != address:  # lone surrogates, or bidirectional controls
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
