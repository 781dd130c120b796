"""The tag that shows the blocks of a place: `{% blocks "paper-side" stock=stock %}`."""

from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from mainapp.core.blocks import rendered_blocks

register = template.Library()


@register.simple_tag(takes_context=True)
def blocks(context: Context, place: str, **subject: Any) -> SafeString:
    """Return the blocks of a place, one below the other; an empty string if none has anything."""
    return mark_safe("\n".join(rendered_blocks(place, page=context, **subject)))  # noqa: S308
