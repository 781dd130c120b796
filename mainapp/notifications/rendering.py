"""Appearance of notifications by kind, and the placeholders of campaigns' templates.

The features that write a kind of notification register its appearance. Placeholders are `{nome}`
and the like: templates of the staff reach these values and nothing else. Braces are written twice.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.translation import gettext_lazy as _

from mainapp.core.rendering import clean_mail


def _no_symbol(url: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """A kind's name, an icon of the sprite, and its tone (`accent`, `amber` or `down`).

    `symbol_of` reads a stock from the link; the stock's mark is then beside the icon.
    """

    label: Any
    icon: str = "bell"
    tone: str = "accent"
    symbol_of: Callable[[str], str] = _no_symbol


_appearances: dict[str, Appearance] = {
    "platform": Appearance(label=_("Aviso do site"), icon="megaphone"),
    "delivery_failed": Appearance(label=_("Falha de envio"), icon="alert", tone="down"),
}
_default = Appearance(label=_("Aviso"))


def register_appearance(kind: str, appearance: Appearance) -> None:
    """Register the appearance of one kind of notification. Safe to repeat."""
    _appearances[kind] = appearance


def appearance_of(kind: str) -> Appearance:
    return _appearances.get(kind, _default)


# Placeholders of campaigns -----------------------------------------------------------------------

# The person's name and username, the name of a campaign's club, and its link.
PLACEHOLDERS = ("nome", "usuario", "clube", "link")
CLUB = "clube"
MAX_SUBJECT = 250
NO_LINKS = _("O assunto não pode ter links.")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[{}]")
_ADDRESS = re.compile(r"https?:|www\.|\{link\}", re.IGNORECASE)
# People's names in an attribute could become an address.
_IN_TAG = re.compile(r"<[^<>]*\{(?!link\})\w+\}[^<>]*>")


class PlaceholderError(ValueError):
    """A fault of a template: a lazy translation with parameters, for its author."""

    def __init__(self, template: Any, **params: str) -> None:
        super().__init__(template)
        self.template, self.params = template, params


def check_text(text: str, *, is_subject: bool = False) -> None:
    """Check the placeholders of a text or subject. Raises: PlaceholderError."""
    for match in _PLACEHOLDER.finditer(text):
        if match[0] in ("{", "}"):
            raise PlaceholderError(_("Há um { ou } sozinho: para mostrar um, escreva {{ ou }}."))
        if match["name"] is not None and match["name"] not in PLACEHOLDERS:
            names = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            text_of_error = _("{%(name)s} não existe. Use %(names)s.")
            raise PlaceholderError(text_of_error, name=match["name"][:40], names=names)
    if is_subject and has_address(text):
        raise PlaceholderError(NO_LINKS)


def has_address(subject: str) -> bool:
    """Return whether a subject has a link, which would end in the logs of relays."""
    return bool(_ADDRESS.search(subject))


def check_html(html: str, *, is_subject: bool = False) -> None:
    """Check the placeholders of HTML. Raises: PlaceholderError."""
    check_text(html, is_subject=is_subject)
    if _IN_TAG.search(html):
        raise PlaceholderError(_("Dentro de uma tag HTML só se pode usar {link}."))


def names_in(text: str) -> set[str]:
    """Return the names of the placeholders in a text."""
    return {match["name"] for match in _PLACEHOLDER.finditer(text) if match["name"]}


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Return a plain text with its placeholders filled, in one pass: values are not filled again.

    A name without a value stays as written.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match["name"]
        return match[0][0] if name is None else values.get(name, match[0])

    return _PLACEHOLDER.sub(value_of, text)


def fill_subject(subject: str, values: Mapping[str, str]) -> str:
    """Return a filled subject: one line of at most MAX_SUBJECT characters."""
    return " ".join(fill_text(subject, values).split())[:MAX_SUBJECT]


def fill_html(html: str, values: Mapping[str, str]) -> str:
    """Return filled HTML: the values are escaped, and the whole is cleaned afterwards."""
    return clean_mail(fill_text(html, {name: escape(text) for name, text in values.items()}))


def masked(text: str) -> str:
    """Return a person's name or address with the first letter of each word only."""
    return re.sub(r"(\w)[^\s@]*", r"\1•••", text)
