"""Summary, description, examples and particular errors of every operation of the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PASSWORD = "correto cavalo 9"  # noqa: S105 - of an example
REFRESH = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"
MESSAGE_ID = "6f1c0f0e-5d0c-4c7e-9f6e-3a1d0a6f0001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of one operation.

    `body` is an example of the request, `answer` has the fields of the response that differ from
    the general example values, and `errors` are codes that other operations do not return.
    """

    summary: str
    description: str
    body: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


_ALERT = {"symbol": "PETR4", "comparison": "gt", "threshold_price": "40.00", "note": "meta"}
_ALERT_ANSWER = {
    "compra": None,
    "venda": "40.00",
    "change_up_pct": None,
    "change_down_pct": None,
    "threshold_price": "40.00",
    "target_price": "40.00",
    "comparison": "gt",
    "periodo": None,
    "cooldown_minutes": 0,
    "is_active": True,
    "hold_minutes": 0,
    "duration_minutes": None,
    "note": "meta",
    "last_fired_at": None,
    "pause_reason": "",
}
_LOGIN = Text(
    summary="Log in",
    description=(
        "Exchange a username or an e-mail and the password for an access token, valid for five "
        "minutes, and a refresh token. `accounts/token/` is the same as `accounts/login/`."
    ),
    body={"username": "ana", "password": PASSWORD},
    errors=("invalid_credentials", "email_unverified"),
)
_REFRESH = Text(
    summary="Refresh the tokens",
    description=(
        "Exchange a refresh token, once, for a new pair. A second exchange of the same token is "
        "refused. `accounts/token/refresh/` is the same as `accounts/refresh/`."
    ),
    body={"refresh": REFRESH},
)
_CREATE_ALERT = (
    "At least one of `compra` (at or below), `venda` (at or above), `change_up_pct` and "
    "`change_down_pct`; or the second form, with `symbol`, `comparison` and `threshold_price`. "
    "`is_active: false` creates it paused. Another e-mail than the account's gets a link to "
    "confirm it."
)
_SWITCH = (
    " `is_active` pauses and resumes; on a triggered or expired alert `true` starts it again, and "
    "on one that a split paused it is refused (`paused_by_event`). A field with its current value "
    "is accepted, so that a whole alert can be sent back."
)
_READ_NOTIFICATION = Text(
    summary="Mark a notification as read",
    description="Safe to repeat. The body may be empty; a notification cannot become unread again.",
    body={"read": True},
    answer={"is_read": True, "read": True},
)

TEXTS: Mapping[tuple[str, str], Text] = {
    ("get", ""): Text(
        summary="Find the documentation",
        description="The addresses of this description and of the page that shows it.",
        answer={"schema": "/api/schema/", "docs": "/api/docs/"},
    ),
    ("post", "accounts/register/"): Text(
        summary="Sign up",
        description=(
            "Create an account by the rules of the site's page. Without a `username` one is made "
            "from `name`, which becomes the display name unless another user has it. The response "
            "is the same for an e-mail that is taken; its owner gets a message."
        ),
        body={"name": "Ana Souza", "email": "ana.souza@example.org", "password": PASSWORD},
        answer={
            "username": "ana.souza",
            "display_name": "Ana Souza",
            "email": "ana.souza@example.org",
        },
    ),
    ("post", "accounts/login/"): _LOGIN,
    ("post", "accounts/token/"): _LOGIN,
    ("post", "accounts/refresh/"): _REFRESH,
    ("post", "accounts/token/refresh/"): _REFRESH,
    ("post", "accounts/logout/"): Text(
        summary="Log out",
        description=(
            "End the log-in of one of the user's refresh tokens: its tokens and tickets are "
            "refused at once, and its sockets close with 4401."
        ),
        body={"refresh": REFRESH},
    ),
    ("get", "accounts/user/"): Text(
        summary="Read the account",
        description="The account of the user, with its preferences.",
    ),
    ("patch", "accounts/user/"): Text(
        summary="Change the account",
        description=(
            "Change the public profile and the preferences. Username, e-mail and password are "
            "changed on the site's pages."
        ),
        body={"display_name": "Ana Souza", "theme": "dark"},
    ),
    ("get", "alerts/"): Text(
        summary="List the alerts",
        description="The user's alerts in both forms, filtered by stock and state.",
        answer=_ALERT_ANSWER,
    ),
    ("post", "alerts/"): Text(
        summary="Create an alert",
        description=_CREATE_ALERT,
        body=_ALERT,
        answer=_ALERT_ANSWER,
        errors=("limit_reached",),
    ),
    ("post", "alerts/create/"): Text(
        summary="Create an alert (synonym)",
        description=f"The same as `POST alerts/`. {_CREATE_ALERT}",
        body={"ativo": "PETR4", "compra": "36.00", "periodo": 5, "duracao": 30},
        answer=_ALERT_ANSWER
        | {"compra": "36.00", "venda": None, "comparison": "lt", "periodo": 5, "note": ""}
        | {"threshold_price": "36.00", "target_price": "36.00"},
        errors=("limit_reached",),
    ),
    ("get", "alerts/{id}/"): Text(
        summary="Read an alert",
        description="One of the user's alerts, in both forms.",
        answer=_ALERT_ANSWER,
    ),
    ("put", "alerts/{id}/"): Text(
        summary="Replace an alert",
        description=f"Absent fields get their defaults; changed limits are armed again.{_SWITCH}",
        body=_ALERT,
        answer=_ALERT_ANSWER,
        errors=("paused_by_event",),
    ),
    ("patch", "alerts/{id}/"): Text(
        summary="Change an alert",
        description=f"Absent fields stay; changed limits are armed again.{_SWITCH}",
        body={"is_active": False},
        answer=_ALERT_ANSWER | {"is_active": False, "state": "paused"},
        errors=("paused_by_event",),
    ),
    ("delete", "alerts/{id}/"): Text(
        summary="Delete an alert",
        description="Delete an alert with its firings.",
    ),
    ("delete", "alerts/delete/{id}/"): Text(
        summary="Delete an alert (synonym)",
        description="The same as `DELETE alerts/{id}/`.",
    ),
    ("get", "alerts/{id}/firings/"): Text(
        summary="List an alert's firings",
        description="The firings of an alert, the newest first.",
        answer={"kind": "venda", "limit": "40.00", "price": "40.02"},
    ),
    ("post", "alerts/{id}/pause/"): Text(
        summary="Pause an alert",
        description="Pause an active alert; one in another state stays as it is. Safe to repeat.",
        answer=_ALERT_ANSWER | {"is_active": False, "state": "paused"},
    ),
    ("post", "alerts/{id}/resume/"): Text(
        summary="Resume an alert",
        description=(
            "Make a paused, triggered or expired alert active again, with a new duration; also one "
            "that a split paused, whose limits the caller has checked."
        ),
        answer=_ALERT_ANSWER,
    ),
    ("post", "alerts/delete_all/"): Text(
        summary="Delete all alerts (synonym)",
        description="The same as `DELETE alerts/delete_all/`.",
    ),
    ("delete", "alerts/delete_all/"): Text(
        summary="Delete all alerts",
        description="Delete all of the user's alerts and return their number.",
    ),
    ("get", "stocks/"): Text(
        summary="List the stocks",
        description="The stocks of the catalogue with their newest quotes, filtered and ordered.",
    ),
    ("get", "stocks/{symbol}/"): Text(
        summary="Read a stock",
        description="One stock, by its present or a former ticker, with its newest quote.",
    ),
    ("get", "quotes/"): Text(
        summary="Read quotes",
        description=(
            "The newest quotes of the stocks in `symbols`. Stocks without a quote are in "
            "`pending`, unknown tickers in `unknown`."
        ),
        answer={"pending": ["ITUB4"], "unknown": ["XXXX1"]},
    ),
    ("get", "candles/{symbol}/"): Text(
        summary="Read a stock's candles",
        description=(
            "The candles of a range, the oldest first. With `status` `loading` the rest is being "
            "fetched: request it again."
        ),
        answer={"interval": "1m", "status": "ok"},
    ),
    ("get", "sources/"): Text(
        summary="Read the sources' state",
        description="The sources of quotes in the order in which they are used, and the session.",
    ),
    ("get", "carteira/"): Text(
        summary="List the holdings",
        description="A page of the user's holdings at their newest prices, and the totals of all.",
    ),
    ("post", "carteira/"): Text(
        summary="Add a holding",
        description="Add a stock to the carteira; each stock has at most one row.",
        body={"ativo": "VALE3", "preco_medio": "61.20", "quantidade": "100", "nota": 7},
        answer={"ativo": "VALE3", "preco_medio": "61.20000000", "quantidade": "100.00000000"},
        errors=("too_long",),
    ),
    ("get", "carteira/{id}/"): Text(
        summary="Read a holding",
        description="One row of the user's carteira at its newest price.",
    ),
    ("patch", "carteira/{id}/"): Text(
        summary="Change a holding",
        description="Change preço médio, quantity or nota. The stock of a row stays.",
        body={"quantidade": "200", "nota": 8},
    ),
    ("delete", "carteira/{id}/"): Text(
        summary="Delete a holding",
        description="Delete a row of the carteira.",
    ),
    ("get", "rooms/"): Text(
        summary="List the rooms",
        description="The rooms of the forum, the most recently active first.",
    ),
    ("post", "rooms/"): Text(
        summary="Create a room",
        description="Create a room of the forum, whose host is the user.",
        body={"name": "Petrobras", "topic": "Ações", "stock": "PETR4"},
        answer={"name": "Petrobras", "topic": "Ações", "stock": "PETR4", "is_closed": False},
    ),
    ("get", "rooms/{id}/messages/"): Text(
        summary="Read a room's messages",
        description="At most a hundred messages after the number `after`, in order.",
        answer={"more": False},
    ),
    ("post", "rooms/{id}/messages/"): Text(
        summary="Post a message",
        description=(
            "The fallback of the room's socket. A repetition with the same `client_id` is the same "
            "message."
        ),
        body={"client_id": MESSAGE_ID, "body": "Bom dia!"},
        answer={"client_id": MESSAGE_ID},
        errors=("muted", "closed", "too_long"),
    ),
    ("get", "notifications/"): Text(
        summary="List the notifications",
        description="The user's notifications, the newest first.",
    ),
    ("get", "notifications/{id}/"): Text(
        summary="Read a notification",
        description="One of the user's notifications; reading it does not mark it.",
    ),
    ("delete", "notifications/{id}/"): Text(
        summary="Delete a notification",
        description="Remove a notification from the user's inbox.",
    ),
    ("post", "notifications/{id}/mark-as-read/"): _READ_NOTIFICATION,
    ("patch", "notifications/{id}/mark-as-read/"): _READ_NOTIFICATION,
    ("get", "keys/"): Text(
        summary="List the API keys",
        description="The user's API keys without their secrets, the newest first.",
    ),
    ("post", "keys/"): Text(
        summary="Create an API key",
        description=(
            "The secret `key` is in this response only. It goes into `Authorization: Bearer` and "
            "has the chosen scopes: `read` for every GET, and one for the mutations of each area."
        ),
        body={
            "name": "Planilha",
            "scopes": ["read", "alerts:write"],
            "expires_in_days": 90,
            "password": PASSWORD,
        },
        errors=("limit_reached",),
    ),
    ("get", "keys/{id}/"): Text(
        summary="Read an API key",
        description="One of the user's API keys, without its secret.",
    ),
    ("delete", "keys/{id}/"): Text(
        summary="Revoke an API key",
        description="Delete an API key. The next request with it is refused.",
    ),
    ("post", "ws-ticket/"): Text(
        summary="Create a ticket for a socket",
        description=(
            "Offer `subprotocol` in one WebSocket handshake within `expires_in_s`. The socket ends "
            "with the log-in that created the ticket."
        ),
    ),
}
