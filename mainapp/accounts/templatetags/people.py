"""Names and pictures of users: `{{ author|person_name }}`, `{% avatar author 48 %}`.

The user may be None, for a deleted account.
"""

from typing import Any

from django import template

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url, name_of

register = template.Library()

HUES = 24
LARGER = {48: 150, 150: 600, 600: 600}


@register.filter
def person_name(user: User | None) -> str:
    """Return a user's public name; “usuário removido” for a deleted account."""
    return name_of(user)


@register.inclusion_tag("mainapp/parts/face.html")
def avatar(user: User | None, size: int = 48) -> dict[str, Any]:
    """Render a user's picture or initials; hidden from screen readers: the name is next to it."""
    return {
        "url": avatar_url(user, size),
        "larger_url": avatar_url(user, LARGER[size]),
        "size": size,
        "initials": initials(user.name) if user else "",
        "hue": (user.pk * 7) % HUES if user and user.pk else 0,
    }


def initials(name: str) -> str:
    """Return the first letters of the first and the last word: Ana de Souza is AS."""
    words = [word for word in name.split() if word[0].isalnum()] or [name]
    return "".join(word[0] for word in dict.fromkeys([words[0], words[-1]])).upper()
