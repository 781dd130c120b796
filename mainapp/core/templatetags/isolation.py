"""Isolation of user-written text, whose direction must not affect the text around it.

The filters need no `{% load %}`: `{{ room.name|isolate }}` in a page, `{{ room.name|isolate_plain
}}` in a title or an attribute. An element that contains nothing but such a text may have
`dir="auto"` instead.
"""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mainapp.core.names import DIRECTIONAL

register = template.Library()

FIRST_STRONG_ISOLATE, POP = "\u2068", "\u2069"


@register.filter
def isolate(text: Any) -> SafeString | str:
    """Return text in a `bdi` element; empty text stays empty."""
    return format_html("<bdi>{}</bdi>", text) if text else ""


@register.filter
def isolate_plain(text: Any) -> str:
    """Return text between Unicode's isolating characters, without its own directional ones."""
    plain = "".join(char for char in str(text) if char not in DIRECTIONAL)
    return f"{FIRST_STRONG_ISOLATE}{plain}{POP}" if plain else ""
