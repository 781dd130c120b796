"""Filters for messages and for links of the room list, and the face of a room.

`{{ message|excerpt }}`, `{{ query|with_page:3 }}`, `{% room_face room %}`.
"""

from typing import Any
from urllib.parse import urlencode

from django import template

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url
from mainapp.accounts.templatetags.people import HUES, initials
from mainapp.forum import rendering
from mainapp.forum.models import Message, Room

register = template.Library()


@register.filter
def excerpt(message: Message) -> str:
    """Return the start of a message as plain text; empty for a deleted one."""
    return rendering.excerpt(message.body_html)


@register.inclusion_tag("mainapp/forum/_room_face.html")
def room_face(room: Room) -> dict[str, Any]:
    """Render the mark of a room's stock, or the room's initials; hidden from screen readers."""
    return {
        "symbol": room.stock.symbol if room.stock else "",
        "initials": initials(room.name),
        "hue": (room.pk * 5 + 3) % HUES,
    }


@register.filter
def avatar_address(user: Any) -> str | None:
    """Return the URL of a user's small picture; None without one and for anonymous users."""
    return avatar_url(user, 48) if isinstance(user, User) else None


@register.filter
def with_page(query: dict[str, Any], number: int) -> str:
    """Return the query string of another page of the room list."""
    return _address(query["words"], query["topic"], number)


@register.filter
def with_topic(query: dict[str, Any], topic: str) -> str:
    """Return the query string of another topic, from its first page."""
    return _address(query["words"], topic, 1)


def _address(words: str, topic: str, number: int) -> str:
    parts = {"q": words, "topic": topic, "page": number if number > 1 else ""}
    return "?" + urlencode({name: value for name, value in parts.items() if value})
