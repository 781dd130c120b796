"""Permissions in the forum and its rooms, rate limits, and the rules for a message's text."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.policies import is_staff_level, is_suspended
from mainapp.clubs.policies import OF_MEMBERS
from mainapp.core.limits import CLUB as OF_CLUB
from mainapp.core.limits import DAY_S, OPEN, Limit, Quota
from mainapp.core.policies import (
    EVERYONE,
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
from mainapp.core.rendering import MAX_BODY

# Kinds of rooms. To those who do not take part in it, a private room does not exist.
FORUM, CLUB, GROUP, DIRECT = "forum", "club", "group", "direct"
PRIVATE = (CLUB, GROUP, DIRECT)

TOO_MANY = _("Mensagens demais; espere um pouco.")
# Counted in the message's transaction: sending a client_id again is not counted again.
POSTS = Quota(name="posts", label=_("mensagens"), seed=10, window_s=10.0)
# Edits and deletions by one user; each is sent to every reader of the room.
CHANGES = Limit("changes", 20, 10.0, TOO_MANY, without_redis=OPEN)
# Read marks and muting; each is one small write.
MARKS = Limit("marks", 60, 10.0, TOO_MANY, without_redis=OPEN)
NEW_ROOMS = Quota(name="rooms", label=_("salas novas"), seed="ROOMS_A_DAY", window_s=DAY_S)
NEW_GROUPS = Quota(name="groups", label=_("grupos novos"), seed="GROUPS_A_DAY", window_s=DAY_S)
NEW_DIRECT_ROOMS = Quota(name="direct-rooms", label=_("conversas novas"), seed=100, window_s=DAY_S)
# Per club: its rooms, and the files sent in them.
CLUB_ROOMS = Quota(
    name="club-rooms",
    label=_("salas do clube"),
    seed="CLUB_MAX_ROOMS",
    of=OF_CLUB,
    held="forum.room",
)
CLUB_FILES = Quota(
    name="club-uploads",
    label=_("arquivos do clube"),
    seed="CLUB_UPLOADS_A_DAY",
    window_s=DAY_S,
    of=OF_CLUB,
)
# People of a group, its host included.
MAX_GROUP = 200
# The reactions to a message, in the order in which they are offered.
EMOJI = ("👍", "❤️", "😂", "😮", "😢", "🎉", "📈", "📉")
# Characters of a room's filtered words.
MAX_FILTER = 2000
# Bidirectional overrides and isolates reverse the text after them and can disguise it.
_BIDI_CONTROLS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The facts about a room that decide on permissions; `muted` contains user ids.

    `members` maps each participant of a private room to the last message before they joined, and
    `moderators` are the managers of a club's room.
    """

    host_id: int | None
    is_closed: bool
    muted: frozenset[int]
    kind: str = FORUM
    members: Mapping[int, int] = field(default_factory=dict)
    moderators: frozenset[int] = frozenset()

    @property
    def is_private(self) -> bool:
        return self.kind in PRIVATE


def is_moderator(
    user: Any, *, host_id: int | None, kind: str, moderators: Collection[int] = ()
) -> bool:
    """Return whether a user, possibly anonymous, moderates a room: as its host or as staff.

    A club's room has the club's managers, `moderators`. Other private rooms have no moderators:
    staff must not read them.
    """
    if not user.is_authenticated or not user.is_active:
        return False
    if kind in PRIVATE:
        return kind == CLUB and user.pk in moderators
    return user.pk == host_id or is_staff_level(user)


def may_mute(
    actor: Any, target: Any, *, host_id: int | None, kind: str, moderators: Collection[int] = ()
) -> bool:
    """Return whether `actor` may mute `target`.

    Nobody mutes themselves. Only staff mute staff, and nobody a manager in their club's room.
    """
    is_allowed = is_moderator(actor, host_id=host_id, kind=kind, moderators=moderators)
    if actor.pk == target.pk or not is_allowed:
        return False
    if kind == CLUB:
        return target.pk not in moderators
    return is_staff_level(actor) or not is_staff_level(target)


def permissions(user: Any, rules: Rules) -> list[str]:
    """Return the user's permissions among `send edit delete report` and `delete_any mute close`.

    `edit` and `delete` cover one's own messages. Nobody may send or edit in a closed room, nor may
    suspended users in any room. A group adds `leave`, and for its host `add rename remove`.
    """
    if not user.is_authenticated or not user.is_active:
        return []
    if rules.is_private and user.pk not in rules.members:
        return []
    is_silent = user.pk in rules.muted or is_suspended(user, at=timezone.now())
    may_write = not rules.is_closed and not is_silent
    allowed = ["send", "edit"] if may_write else []
    allowed += ["delete", "report"]
    if rules.kind == GROUP:
        allowed += ["leave", "add", "rename", "remove"] if user.pk == rules.host_id else ["leave"]
    if is_moderator(user, host_id=rules.host_id, kind=rules.kind, moderators=rules.moderators):
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
    "conversas": page(MEMBERS),
    "nova-conversa": form(MEMBERS),
    "read-conversations": action(MEMBERS, login_next="conversas"),
    # A private room belongs to its participants: `OWNER`, and the `HOST` of a group.
    "conversa": form(OWNER | HOST, of="conversation"),
    "read-conversation": action(OWNER | HOST, of="conversation"),
    "conversation-about": page(OWNER | HOST, of="conversation"),
    "rename-conversation": action(HOST, of="conversation"),
    "add-to-conversation": form(HOST, of="conversation"),
    "remove-from-conversation": form(HOST, of="conversation"),
    "leave-conversation": form(OWNER | HOST, of="conversation"),
    "mute-conversation": action(OWNER | HOST, of="conversation"),
    "club-rooms": page(OF_MEMBERS, of="club"),
    "create-club-room": form(HOST, of="club"),
    "forum": page(EVERYONE),
    "create-room": form(MEMBERS),
    "room": form(EVERYONE, post=MEMBERS & ~MUTED, of="room", member=IN_FORM),
    "room-search": page(EVERYONE, of="room"),
    "room-people": page(MEMBERS, of="room"),
    "room-moderation": page(HOST | STAFF, of="room"),
    "mute-participant": action(HOST | STAFF, of="room"),
    "close-room": action(HOST | STAFF, of="room"),
    "reopen-room": action(HOST | STAFF, of="room"),
    "filter-words": action(HOST | STAFF, of="room"),
    "update-room": form(HOST | STAFF, of="room"),
    "delete-room": form(HOST | STAFF, of="room"),
    "edit-message": form(OWNER, of="message"),
    "delete-message": form(OWNER | HOST | STAFF, of="message"),
    "react-message": form(MEMBERS, post=MEMBERS & ~MUTED, of="message", member=IN_FORM),
}

OPERATIONS = {
    "api-rooms": operation(Area.FORUM, get=EVERYONE, post=MEMBERS),
    "api-messages": operation(Area.FORUM, get=EVERYONE, post=MEMBERS),
    "api-read-room": operation(Area.FORUM, post=MEMBERS),
    "api-mute-room": operation(Area.FORUM, post=MEMBERS),
    "api-reactions": operation(Area.FORUM, post=MEMBERS),
    "api-send-message": operation(Area.FORUM, post=MEMBERS),
    # A private room belongs to its participants; who hosts a group is checked by the services.
    "api-chats": operation(Area.FORUM, get=MEMBERS, post=MEMBERS),
    "api-message-rooms": operation(Area.FORUM, get=MEMBERS, post=MEMBERS),
    "api-chat": operation(Area.FORUM, get=OWNER, patch=OWNER),
    "api-leave-chat": operation(Area.FORUM, post=OWNER),
    "api-add-to-chat": operation(Area.FORUM, post=OWNER),
    "api-chat-participant": operation(Area.FORUM, delete=OWNER),
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
        "react": MEMBERS & ~MUTED,
        "read": MEMBERS,
        "mute": MEMBERS,
    },
)
