"""Names and wire shapes of the messages between processes about log-ins."""

from typing import Literal, TypedDict

LOGINS = "accounts.logins"


class LoginEnded(TypedDict):
    """To the group `accounts.logins`: close the user's sockets, of one session or (None) of all.

    With 4401 the log-in is over; with 1012 it goes on with other rights: the client reconnects.
    """

    type: Literal["login.ended"]
    user: int
    session: str | None
    code: Literal[4401, 1012]
