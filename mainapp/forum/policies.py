"""Permissions in the forum and its rooms, rate limits, and the rules for a message's text."""

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
    Area,
    Socket,
    action,
    form,
    operation,
    page,
)
from mainapp.forum.rendering import MAX_BODY

TOO_MANY = _("Mensagens demais; espere um pouco.")
# Counted in the message's transaction: sending a client_id again is not counted again.
POSTS = Limit("posts", 10, 10.0, TOO_MANY)
# Edits and deletions by one user; each is sent to every reader of the room.
CHANGES = Limit("changes", 20, 10.0, TOO_MANY, without_redis=OPEN)
NEW_ROOMS = Limit("rooms", "ROOMS_A_DAY", DAY_S, _("Salas demais num dia; espere um pouco."))
MAX_EXCERPT = 200
# Bidirectional overrides and isolates reverse the text after them and can disguise it.
_BIDI_CONTROLS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The facts about a room that decide on permissions; `muted` contains user ids."""

    host_id: int | None
    is_closed: bool
    muted: frozenset[int]


def is_moderator(user: Any, *, host_id: int | None) -> bool:
    """Return whether a user, possibly anonymous, moderates a room: as its host or as staff."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.pk == host_id or is_staff_level(user)


def may_mute(actor: Any, target: Any, *, host_id: int | None) -> bool:
    """Return whether `actor` may mute `target`. Nobody mutes themselves; only staff mute staff."""
    if actor.pk == target.pk or not is_moderator(actor, host_id=host_id):
        return False
    return is_staff_level(actor) or not is_staff_level(target)


def may_resolve_report(actor: Any, *, host_id: int | None, author_id: int | None) -> bool:
    """Return whether `actor` may see and resolve reports of `author_id`'s messages.

    Moderators may, except that only staff handle reports of the host's own messages.
    """
    if not is_moderator(actor, host_id=host_id):
        return False
    return is_staff_level(actor) or actor.pk != author_id


def permissions(user: Any, rules: Rules) -> list[str]:
    """Return the user's permissions among `send edit delete report` and `delete_any mute close`.

    `edit` and `delete` cover one's own messages. In a closed room nobody may send or edit.
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
    """Return a message's text without control and bidirectional characters, trimmed.

    Empty when no visible character remains.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = "".join(c for c in text if c in "\n\t" or _is_text(c)).strip()
    return cleaned if any(unicodedata.category(c)[0] in "LNPS" for c in cleaned) else ""


def is_too_long(body: str) -> bool:
    return len(body) > MAX_BODY


def _is_text(character: str) -> bool:
    # Other format characters (Cf) stay: joiners combine emoji.
    return (
        unicodedata.category(character) not in ("Cc", "Cs") and ord(character) not in _BIDI_CONTROLS
    )


PAGES = {
    "forum": page(EVERYONE),
    "forum-moderation": page(STAFF, member=FORBIDDEN),
    "create-room": form(MEMBERS),
    "room": form(EVERYONE, post=MEMBERS & ~MUTED, of="room", member=IN_FORM),
    "room-people": page(MEMBERS, of="room"),
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
    "api-rooms": operation(Area.FORUM, get=EVERYONE, post=MEMBERS),
    "api-messages": operation(Area.FORUM, get=EVERYONE, post=MEMBERS),
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
