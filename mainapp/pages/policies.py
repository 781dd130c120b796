"""Who may do what: every page by its URL's name and method, every socket by its frames.

The views and consumers do the refusing, with the decorators and checks of their features; this is
what they are held to. The tests walk the URLs and `routing.py`, try every kind of person on all of
it and compare; what has no line here fails them. A new page is one line:

    "update-room": form(HOST | STAFF, of="room"),

`of` names the kind of object in the address, as `tests/world.py` makes one. Who is deactivated, or
comes with a session that expired, is ANONYMOUS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, Flag, auto


class Who(Flag):
    """Kinds of people, as seen from the object of an address."""

    ANONYMOUS = auto()
    OWNER = auto()  # whose list, alert, row or message it is
    HOST = auto()  # of the room that it is, or is in
    MUTED = auto()  # in that room
    OTHER = auto()
    SUPPORT = auto()
    ADMIN = auto()


ANONYMOUS, OWNER, HOST, MUTED, OTHER = Who.ANONYMOUS, Who.OWNER, Who.HOST, Who.MUTED, Who.OTHER
ADMIN = Who.ADMIN
STAFF = Who.SUPPORT | Who.ADMIN
MEMBERS = OWNER | HOST | MUTED | OTHER | STAFF
EVERYONE = ANONYMOUS | MEMBERS


class Refusal(Enum):
    """How a page tells somebody that they may not."""

    LOGIN = "a redirect to the log-in"
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    MISSING = 404  # the very answer that an object which does not exist gets
    TOLD = 422  # the page again, with the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One URL: who may use which method; all other methods answer 405."""

    methods: Mapping[str, Who]
    of: str = ""
    stranger: Refusal = Refusal.LOGIN
    member: Refusal = Refusal.MISSING
    takes_foreign_posts: bool = False  # without a CSRF token


def page(who: Who, *, of: str = "", **more: Refusal) -> Page:
    """Return a page that is only read."""
    return Page(methods={"GET": who, "HEAD": who}, of=of, **more)  # type: ignore[arg-type] # refusals


def form(who: Who, *, post: Who | None = None, of: str = "", **more: Refusal) -> Page:
    """Return a page with a form; `post`: who may send it, when fewer than see it."""
    methods = {"GET": who, "HEAD": who, "POST": who if post is None else post}
    return Page(methods=methods, of=of, **more)  # type: ignore[arg-type] # refusals


def action(who: Who, *, of: str = "", **more: Refusal) -> Page:
    """Return what is only posted to."""
    return Page(methods={"POST": who}, of=of, **more)  # type: ignore[arg-type] # refusals


FORBIDDEN, UNAUTHORIZED, TOLD = Refusal.FORBIDDEN, Refusal.UNAUTHORIZED, Refusal.TOLD

PAGES: dict[str, Page] = {
    # What every site has
    "home": page(EVERYONE),
    "privacy": page(EVERYONE),
    "favicon": page(EVERYONE),
    "robots": page(EVERYONE),
    "healthz": page(EVERYONE),
    "readyz": page(EVERYONE),
    "metrics": page(EVERYONE),  # from this machine or with a token: the tests ask from here
    "javascript-catalog": page(EVERYONE),
    "set_language": action(EVERYONE),
    # The API's description; what it describes is in `mainapp/api/policies.py`
    "api-docs": page(EVERYONE),
    "api-schema": Page(methods={"GET": EVERYONE, "HEAD": EVERYONE}, takes_foreign_posts=True),
    # Accounts
    "login": form(EVERYONE),
    "logout": form(EVERYONE),
    "register": form(EVERYONE),
    "inactive": page(EVERYONE),
    "email": form(MEMBERS),
    "email-verification-sent": page(EVERYONE),
    "confirm-email": form(EVERYONE, of="key"),
    "reauthenticate": form(MEMBERS),
    "change-password": form(MEMBERS),
    "set-password": form(MEMBERS),
    "reset-password": form(EVERYONE),
    "reset-password-done": page(EVERYONE),
    "new-password": form(EVERYONE, of="reset key"),
    "new-password-done": page(EVERYONE),
    # Profile
    "user-profile": page(EVERYONE, of="user"),
    "update-profile": form(MEMBERS),
    "preferences": action(MEMBERS),
    "update-picture": action(MEMBERS),
    "picture-state": page(MEMBERS),
    "remove-picture": form(MEMBERS),
    "export-data": action(MEMBERS),
    "delete-account": form(MEMBERS),
    "avatar": page(EVERYONE, of="avatar"),
    # Market
    "stocktracker": page(EVERYONE),
    "graph": page(EVERYONE),
    "candles": page(EVERYONE),
    "sources": page(EVERYONE),
    "stock-search": page(EVERYONE),
    "stockpicker": page(EVERYONE, of="market"),
    "watchlists": form(MEMBERS),
    "watchlist-current": action(MEMBERS, stranger=UNAUTHORIZED),
    "watchlist-merge": action(MEMBERS, stranger=UNAUTHORIZED),
    "watchlist": page(OWNER, of="watchlist"),
    "edit-watchlist": action(OWNER, of="watchlist"),
    "rename-watchlist": action(OWNER, of="watchlist"),
    "make-watchlist-current": action(OWNER, of="watchlist"),
    "renew-watchlist-link": action(OWNER, of="watchlist"),
    "delete-watchlist": form(OWNER, of="watchlist"),
    "shared-list": page(EVERYONE, of="shared list"),
    "copy-shared-list": action(MEMBERS, of="shared list"),
    # Carteira
    "carteira": page(MEMBERS),
    "create-carteira": form(MEMBERS),
    "update-carteira": form(OWNER, of="holding"),
    "trade-carteira": action(OWNER, of="holding"),
    "delete-carteira": form(OWNER, of="holding"),
    "import-carteira": form(MEMBERS),
    "confirm-import-carteira": action(MEMBERS),
    "export-carteira": page(MEMBERS),
    # Alerts
    "alerts": page(MEMBERS),
    "alert-marks": page(MEMBERS, stranger=UNAUTHORIZED),
    "preview-alert": action(MEMBERS),
    "alert-history": page(OWNER, of="alert"),
    "create-alert": form(MEMBERS),
    "update-alert": form(OWNER, of="alert"),
    "delete-alert": form(OWNER, of="alert"),
    "delete-alerts": form(MEMBERS),
    "pause-alert": action(OWNER, of="alert"),
    "resume-alert": action(OWNER, of="alert"),
    "unsubscribe-alert": Page(
        methods={"GET": EVERYONE, "HEAD": EVERYONE, "POST": EVERYONE},
        of="alert link",
        takes_foreign_posts=True,
    ),
    # Notifications
    "notifications": page(MEMBERS),
    "read-notifications": action(MEMBERS),
    "delete-notifications": form(MEMBERS),
    "read-notification": action(OWNER, of="notification"),
    "delete-notification": form(OWNER, of="notification"),
    "notification-deliveries": page(MEMBERS),
    "notification-channels": form(MEMBERS),
    "switch-account-mail": action(MEMBERS),
    "notification-channel": form(OWNER, of="channel"),
    "verify-channel": action(OWNER, of="channel"),
    "test-channel": action(OWNER, of="channel"),
    "switch-channel": action(OWNER, of="channel"),
    "delete-channel": form(OWNER, of="channel"),
    "confirm-channel": form(EVERYONE, of="channel link"),
    "broadcasts": form(STAFF, member=FORBIDDEN),
    # Forum
    "forum": page(EVERYONE),
    "forum-moderation": page(STAFF, member=FORBIDDEN),
    "create-room": form(MEMBERS),
    "room": form(EVERYONE, post=MEMBERS & ~MUTED, of="room", member=TOLD),
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

# What others wrote, by the beginning of its path: only who may enter at all.
PREFIXES: dict[str, Who] = {
    "admin/": ADMIN,
}

# What a table of its own holds: the API's is `mainapp/api/policies.py`.
ELSEWHERE = ("api/v1/",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One socket: who may open it, and who may send which frame.

    Who may not open it is accepted and closed with 4401. Refused frames are answered by an error:
    `login_required`, `muted` or `forbidden`.
    """

    opens: Who
    frames: Mapping[str, Who]
    of: str = ""


SOCKETS: dict[str, Socket] = {
    "ws/stock/<str:room_name>/": Socket(
        opens=EVERYONE,
        of="tracker",
        frames={
            "ping": EVERYONE,
            "subscribe": EVERYONE,
            "unsubscribe": EVERYONE,
            "resume": EVERYONE,
            "message": MEMBERS,
        },
    ),
    "ws/room/<key:pk>/": Socket(
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
    ),
    "ws/notifications/": Socket(
        opens=MEMBERS,
        frames={"ping": MEMBERS, "resume": MEMBERS, "mark_read": MEMBERS},
    ),
    # Where nothing lives: closed with 4404, whoever comes.
    "": Socket(opens=EVERYONE, frames={"ping": EVERYONE}),
}
