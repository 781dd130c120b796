"""Marking of the part of a text that matches a search: `{{ stock.name|highlight:text }}`.

`{{ message|near:text|highlight:text }}` begins near that part; `{{ body_html|excerpt:160 }}` is the
start of rendered Markdown as plain text.
"""

import unicodedata

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mainapp.core import rendering

register = template.Library()
register.filter("excerpt", rendering.excerpt)

BEFORE = 16  # letters that `near` keeps before a match, at least


@register.filter
def highlight(value: object, text: str) -> SafeString:
    """Mark the first match of `text` in a value, whatever its case and accents."""
    shown, wanted = str(value), _folded(text)
    at = _folded(shown).find(wanted) if wanted else -1
    if at < 0:
        return format_html("{}", shown)
    end = at + len(wanted)
    return format_html("{}<mark>{}</mark>{}", shown[:at], shown[at:end], shown[end:])


@register.filter
def near(value: object, text: str) -> str:
    """Cut a text to begin a few words before its first match; return it whole if that is early."""
    shown, wanted = str(value), _folded(text)
    at = _folded(shown).find(wanted) if wanted else -1
    start = shown.rfind(" ", 0, max(0, at - BEFORE)) + 1
    return f"\N{HORIZONTAL ELLIPSIS}{shown[start:]}" if start else shown


def _folded(text: str) -> str:
    """Return one small letter without accent for each character of a text."""
    return "".join(unicodedata.normalize("NFD", char)[0].lower()[:1] for char in text)
