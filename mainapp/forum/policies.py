"""Who may use the forum and do what in a room, and what a message may contain."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.accounts.policies import is_staff_level
from mainapp.core.limits import DAY_S, OPEN, Limit
from mainapp.core.policies import (
    EVERYONE,
    FORBIDDEN,
    HOST,
    IN_FORM,
    MEMBERS,
    MUTED,
    OWNER,
    STAFF,
    Socket,
    action,
    form,
    page,
)
from mainapp.forum.rendering import MAX_BODY

TOO_MANY = _("Mensagens demais; espere um pouco.")
# Counted with the message: one that is sent again under its client_id is not counted again.
POSTS = Limit("posts", 10, 10.0, TOO_MANY)
# Edits and deletions by one user; each is sent to every reader of the room.
CHANGES = Limit("changes", 20, 10.0, TOO_MANY, without_redis=OPEN)
NEW_ROOMS = Limit("rooms", "ROOMS_A_DAY", DAY_S, _("Salas demais num dia; espere um pouco."))
MAX_EXCERPT = 200
# They turn what follows them around, and could make it read as something else.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides over who may do what in a room; `muted` has user ids."""

    host_id: int | None
    is_closed: bool
    muted: frozenset[int]


def is_moderator(user: Any, *, host_id: int | None) -> bool:
    """Tell whether a user, who may be anonymous, keeps order in a room: its host, or staff."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.pk == host_id or is_staff_level(user)


def may_mute(actor: Any, target: Any, *, host_id: int | None) -> bool:
    """Tell whether `actor` may mute and unmute `target`: not oneself, and staff only by staff."""
    if actor.pk == target.pk or not is_moderator(actor, host_id=host_id):
        return False
    return is_staff_level(actor) or not is_staff_level(target)


def may_settle(actor: Any, *, host_id: int | None, author_id: int | None) -> bool:
    """Tell whether `actor` sees and settles what is reported of `author_id`'s message.

    Who keeps order may, but not a host about oneself: that is for staff.
    """
    if not is_moderator(actor, host_id=host_id):
        return False
    return is_staff_level(actor) or actor.pk != author_id


def permissions(user: Any, rules: Rules) -> list[str]:
    """Return what `user` may: `send edit delete report` and `delete_any mute close`.

    `edit` and `delete` are for one's own messages. A closed room takes no message from anybody.
    """
    if not user.is_authenticated or not user.is_active:
        return []
    may_write = not rules.is_closed and user.pk not in rules.muted
    allowed = ["send", "edit"] if may_write else []
    allowed += ["delete", "report"]
    if is_moderator(user, host_id=rules.host_id):
        allowed += ["delete_any", "mute", "close"]
    return allowed


def clean_body(text: str) -> str:
    """Return a message's text without what is no text: control and turning characters, margins.

    Empty when nothing would be seen of it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in text if c in "\n\t" or _is_text(c)).strip()
    return kept if any(unicodedata.category(c)[0] in "LNPS" for c in kept) else ""


def is_too_long(body: str) -> bool:
    return len(body) > MAX_BODY


def _is_text(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and ord(character) not in _TURNING


PAGES = {
    "forum": page(EVERYONE),
    "forum-moderation": page(STAFF, member=FORBIDDEN),
    "create-room": form(MEMBERS),
    "room": form(EVERYONE, post=MEMBERS & ~MUTED, of="room", member=IN_FORM),
    "room-moderation": page(HOST | STAFF, of="room"),
    "mute-participant": action(HOST | STAFF, of="room"),
    "close-room": action(HOST | STAFF, of="room"),
    "reopen-room": action(HOST | STAFF, of="room"),
    "update-room": form(HOST | STAFF, of="room"),
    "delete-room": form(HOST | STAFF, of="room"),
    "edit-message": form(OWNER, of="message"),
    "delete-message": form(OWNER | HOST | STAFF, of="message"),
    "report-message": form(MEMBERS & ~OWNER, of="message"),
    "resolve-report": action(HOST | STAFF, of="report"),
}

OPERATIONS = {
    "api-rooms": {"get": EVERYONE, "post": MEMBERS},
    "api-messages": {"get": EVERYONE, "post": MEMBERS},
}

SOCKET = Socket(
    opens=EVERYONE,
    of="room",
    frames={
        "ping": EVERYONE,
        "resume": EVERYONE,
        "send": MEMBERS & ~MUTED,
        "edit": OWNER,
        "delete": OWNER | HOST | STAFF,
        "typing": MEMBERS & ~MUTED,
    },
)
