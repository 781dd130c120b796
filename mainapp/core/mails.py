"""The one layout of all e-mails, as text and as HTML for light and dark mail programs.

The HTML has its colours inline, in `mainapp/core/mail_base.html` only: mail programs ignore
stylesheets. Everything is rendered in the active language.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.translation import get_language

from mainapp.core.paths import absolute_url

PREVIEW_LENGTH = 140  # characters that mail programs show next to the subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A label with an absolute address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The content of an e-mail: plain texts, which the layout escapes.

    `quote` is text that the reader wrote, `action` the button, `code` a number to copy, `stop` the
    link that unsubscribes from e-mails of this kind. `html` is safe HTML that replaces the
    paragraphs in the HTML part.
    """

    title: str
    paragraphs: Sequence[str] = ()
    quote: str = ""
    code: str = ""
    action: Link | None = None
    after: Sequence[str] = ()
    foot: str = ""
    stop: Link | None = None
    html: str = ""

    @property
    def preview(self) -> str:
        return " ".join(self.paragraphs)[:PREVIEW_LENGTH]


def render_mail(mail: Mail) -> tuple[str, str]:
    """Return the text and the HTML of an e-mail, in the active language."""
    language = get_language() or ""
    context = {
        "mail": mail,
        "site_url": absolute_url(),
        "language": "pt-BR" if language == "pt-br" else language,
    }
    text = render_to_string("mainapp/core/mail_base.txt", context)
    return text.strip() + "\n", render_to_string("mainapp/core/mail_base.html", context)


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs of a text, which empty lines separate."""
    blocks = text.replace("\r\n", "\n").split("\n\n")
    return [block.strip() for block in blocks if block.strip()]
