"""Channel group and message about ended log-ins, sent between processes."""

from typing import Literal, TypedDict

LOGINS = "accounts.logins"


class LoginEnded(TypedDict):
    """Check a user's sockets: those of one session, or all of them if `session` is None.

    Receivers read from the database whether the log-in has ended or the user's rights changed.
    """

    type: Literal["login.ended"]
    user: int
    session: str | None
