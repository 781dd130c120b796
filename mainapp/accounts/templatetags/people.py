"""Names and pictures of users: `{{ author|person_name }}`, `{% avatar author 48 %}`.

And their presence: `{% avatar author 48 presence=True %}`, `{% presence author %}`, for which pages
load `js/accounts/presence.js`. The user may be None, for a deleted account.
"""

from typing import Any

import redis
from django import template

from mainapp.accounts.models import User
from mainapp.accounts.selectors import avatar_url, name_of
from mainapp.accounts.selectors.presence import people_seen

register = template.Library()

HUES = 24
LARGER = {48: 150, 150: 600, 600: 600}


@register.filter
def person_name(user: User | None) -> str:
    """Return a user's public name; “usuário removido” for a deleted account."""
    return name_of(user)


@register.inclusion_tag("mainapp/parts/face.html")
def avatar(user: User | None, size: int = 48, presence: bool = False) -> dict[str, Any]:
    """Render a user's picture or initials; hidden from screen readers: the name is next to it.

    With `presence`, a dot is shown while the user is online, if the reader may see it.
    """
    return {
        "presence": user.pk if user and presence else None,
        "url": avatar_url(user, size),
        "larger_url": avatar_url(user, LARGER[size]),
        "size": size,
        "initials": initials(user.name) if user else "",
        "hue": (user.pk * 7) % HUES if user and user.pk else 0,
    }


@register.inclusion_tag("mainapp/parts/presence.html", takes_context=True)
def presence(context: Any, user: User) -> dict[str, Any]:
    """Render “online”, or when the user was last seen, if the reader may see it.

    One query, and the leases of all users: for one person on a page, not for lists.
    """
    reader = context["request"].user
    if not reader.is_authenticated or reader.pk == user.pk:
        return {"person": None}
    try:
        seen = people_seen(reader, [user.pk]).get(user.pk)
    except redis.RedisError:
        seen = None
    return {"person": user, "seen": seen}


def initials(name: str) -> str:
    """Return the first letters of the first and the last word: Ana de Souza is AS."""
    words = [word for word in name.split() if word[0].isalnum()] or [name]
    return "".join(word[:1] for word in dict.fromkeys([words[0], words[-1]])).upper()
