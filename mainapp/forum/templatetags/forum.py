"""Filters for messages and for links of the room list, and the face of a room.

`{{ message|preview }}`, `{{ message|system_sentence }}`, `{{ query|with_page:3 }}`,
`{% room_face room %}`, `{% conversation_face chat %}`.
"""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url, name_of
from mainapp.accounts.templatetags.people import HUES, initials
from mainapp.core import rendering
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.chats import Chat
from mainapp.forum.selectors.conversations import Conversation
from mainapp.forum.selectors.pages import message_address

register = template.Library()

PICTURE_SIDE = 320  # of a picture in the list, as in js/forum/media.js


@register.filter
def preview(message: Message, length: int = 140) -> str:
    """Return a message of any kind as one line of plain text."""
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
    """Return the sentence of a message of the kind `system`, as plain text."""
    code, names = message.content.get("code"), {"name": isolate_plain(name_of(message.author))}
    if code == "joined":
        return _("%(name)s entrou no grupo") % names
    if code == "renamed":
        names["group"] = isolate_plain(message.content.get("name", ""))
        return _("%(name)s mudou o nome do grupo para %(group)s") % names
    if message.content.get("by"):
        return _("%(name)s não faz mais parte do grupo") % names
    return _("%(name)s saiu do grupo") % names


@register.simple_tag
def message_url(message: Message) -> str:
    """Return the address of a message in its room."""
    return message_address(message.room, message.seq)


@register.inclusion_tag("mainapp/forum/_conversation_face.html")
def conversation_face(chat: Chat | Conversation, presence: bool = True) -> dict[str, Any]:
    """Render the picture of a direct room's other person, or a group's initials.

    With `presence` a dot shows that the person is online; the page loads `js/accounts/presence.js`.
    """
    hue = (chat.room.pk * 5 + 3) % HUES
    return {"chat": chat, "initials": initials(chat.name), "hue": hue, "presence": presence}


@register.filter
def fitted(message: Message) -> dict[str, int]:
    """Return the width and height of a picture in the list of messages."""
    width, height = message.content.get("width") or 0, message.content.get("height") or 0
    scale = min(1, PICTURE_SIDE / max(width, height, 1))
    return {"width": round(width * scale), "height": round(height * scale)}


@register.filter
def room_title(room: Room) -> str:
    """Return the name of a room, or “Conversa” for a private one without a name."""
    return room.name or _("Conversa")


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
