"""Filters for messages and for links of the room list, and the face of a room.

`{{ message|excerpt }}`, `{{ message|preview }}`, `{{ query|with_page:3 }}`, `{% room_face room %}`,
`{% conversation_face chat %}`.
"""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url, name_of
from mainapp.accounts.templatetags.people import HUES, initials
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.forum import rendering
from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.conversations import Conversation
from mainapp.forum.selectors.finding import address_of

register = template.Library()


@register.filter
def excerpt(message: Message) -> str:
    """Return the start of a message as plain text; empty for a deleted one."""
    return rendering.excerpt(message.body_html)


@register.filter
def preview(message: Message, length: int = 140) -> str:
    """Return a message of any kind as one line of plain text, for a list of rooms."""
    if message.deleted_at:
        return _("mensagem apagada")
    text = rendering.excerpt(message.body_html, length)
    if message.kind == Message.Kind.SYSTEM:
        return system_sentence(message)
    if message.kind == Message.Kind.IMAGE:
        return _("Foto: %(caption)s") % {"caption": text} if text else _("Foto")
    if message.kind == Message.Kind.FILE:
        return _("Arquivo: %(name)s") % {"name": isolate_plain(message.content.get("name", ""))}
    return text


@register.filter
def system_sentence(message: Message) -> str:
    """Return what a message of the kind `system` says, as plain text."""
    sentence = {
        "joined": _("%(person)s entrou no grupo"),
        "left": _("%(person)s saiu do grupo"),
        "renamed": _("%(person)s deu ao grupo o nome %(name)s"),
    }.get(message.content.get("code", ""), "")
    values = {"person": name_of(message.author), "name": message.content.get("name", "")}
    return sentence % {key: isolate_plain(value) for key, value in values.items()}


@register.simple_tag
def message_url(message: Message) -> str:
    """Return the address of a message in its room."""
    return address_of(message)


@register.inclusion_tag("mainapp/forum/_conversation_face.html")
def conversation_face(chat: Conversation, presence: bool = True) -> dict[str, Any]:
    """Render the picture of a direct room's other person, or a group's initials.

    With `presence` a dot shows that the person is online; the page loads `js/accounts/presence.js`.
    """
    hue = (chat.room.pk * 5 + 3) % HUES
    return {"chat": chat, "initials": initials(chat.name), "hue": hue, "presence": presence}


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
