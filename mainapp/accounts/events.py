"""Channel groups and messages about log-ins and presence, sent between processes."""

from typing import Literal, TypedDict

LOGINS = "accounts.logins"
PRESENCE = "accounts.presence"


class LoginEnded(TypedDict):
    """Check a user's sockets: those of one session, or all of them if `session` is None.

    Receivers read from the database whether the log-in has ended or the user's rights changed.
    """

    type: Literal["login.ended"]
    user: int
    session: str | None


class PresenceChanged(TypedDict):
    """Read these users again: their preference, name, circles or blocks have changed."""

    type: Literal["presence.changed"]
    users: list[int]
