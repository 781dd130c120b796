"""Access policies of the market's pages and socket, and limits of followed symbols."""

from django.utils.translation import gettext_noop as _

from mainapp.core.limits import CLOSED, Limit
from mainapp.core.policies import (
    EVERYONE,
    HOST,
    MEMBERS,
    OWNER,
    UNAUTHORIZED,
    Area,
    Socket,
    action,
    form,
    operation,
    page,
)

# CONTRACTS §2. A room's page follows the chips of its messages, within the same limits.
SYMBOL_LIMIT_ANONYMOUS = 30
SYMBOL_LIMIT_USER = 200
# Refuses messages without Redis, which has to deliver them anyway.
CHAT = Limit("chat", 5, 10.0, _("Mensagens demais; espere um pouco."), without_redis=CLOSED)


def symbol_limit(*, is_authenticated: bool) -> int:
    """Return the number of symbols that a user may follow at once."""
    return SYMBOL_LIMIT_USER if is_authenticated else SYMBOL_LIMIT_ANONYMOUS


PAGES = {
    "stocktracker": page(EVERYONE),
    "export-tracker": page(EVERYONE),
    "tracker-view": action(EVERYONE),
    "paper": page(EVERYONE, of="paper"),
    "logo": page(EVERYONE, of="logo"),
    "graph": page(EVERYONE),
    "candles": page(EVERYONE),
    "sources": page(EVERYONE),
    "stock-search": page(EVERYONE),
    "stockpicker": page(EVERYONE, of="market"),
    "watchlists": form(MEMBERS),
    "watchlist-current": form(MEMBERS, stranger=UNAUTHORIZED),
    "create-club-list": action(HOST, of="club"),
    "watchlist-merge": action(MEMBERS, stranger=UNAUTHORIZED),
    "watchlist": page(OWNER, of="watchlist"),
    "watchlist-symbols": form(OWNER, of="watchlist", stranger=UNAUTHORIZED),
    "edit-watchlist": action(OWNER, of="watchlist"),
    "rename-watchlist": action(OWNER, of="watchlist"),
    "make-watchlist-current": action(OWNER, of="watchlist"),
    "renew-watchlist-link": action(OWNER, of="watchlist"),
    "delete-watchlist": form(OWNER, of="watchlist"),
    "shared-list": page(EVERYONE, of="shared list"),
    "copy-shared-list": action(MEMBERS, of="shared list", login_next="shared-list"),
}

OPERATIONS = {
    "api-stocks": operation(Area.MARKET, get=EVERYONE),
    "api-stock": operation(Area.MARKET, get=EVERYONE),
    "api-stock-events": operation(Area.MARKET, get=EVERYONE),
    "api-quotes": operation(Area.MARKET, get=EVERYONE),
    "api-candles": operation(Area.MARKET, get=EVERYONE),
    "api-sources": operation(Area.MARKET, get=EVERYONE),
}

SOCKET = Socket(
    opens=EVERYONE,
    of="tracker",
    frames={
        "ping": EVERYONE,
        "subscribe": EVERYONE,
        "unsubscribe": EVERYONE,
        "resume": EVERYONE,
        "message": MEMBERS,
    },
)
