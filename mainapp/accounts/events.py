"""Channel group and message about ended log-ins, sent between processes."""

from typing import Literal, TypedDict

LOGINS = "accounts.logins"


class LoginEnded(TypedDict):
    """Close a user's sockets: those of one session, or all of them if `session` is None.

    Code 4401: the log-in has ended. Code 1012: the user's rights changed, and the client reconnects
    under the same log-in.
    """

    type: Literal["login.ended"]
    user: int
    session: str | None
    code: Literal[4401, 1012]
