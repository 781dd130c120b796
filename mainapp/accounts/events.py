"""Names and wire shapes: what processes tell each other about logins."""

from typing import Literal, TypedDict

LOGINS = "accounts.logins"


class LoginEnded(TypedDict):
    """To the group `accounts.logins`: which sockets are to close, and how.

    Those of one session of the user, or (None) of all. 4401: the login is over; 1012: it goes on
    with other rights, so the client comes again.
    """

    type: Literal["login.ended"]
    user: int
    session: str | None
    code: int
