"""Accounts, tokens, tickets and API keys."""

from collections.abc import Mapping

from mainapp.api.schema.texts.text import Text

PASSWORD = "correto cavalo 9"  # noqa: S105 - of an example
REFRESH = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"

_LOGIN = Text(
    summary="Log in",
    description=(
        "Exchange a username or an e-mail and the password for an access token, valid for five "
        "minutes, and a refresh token. `accounts/token/` is the same as `accounts/login/`. For an "
        "account with a second factor, the response without `code` is `mfa_required`: repeat the "
        "request with the app's code or a recovery code, each valid once. An account that has only "
        "passkeys uses its recovery codes, or an API key instead."
    ),
    body={"username": "ana", "password": PASSWORD},
    errors=("invalid_credentials", "email_unverified", "mfa_required", "invalid_code"),
)
_REFRESH = Text(
    summary="Refresh the tokens",
    description=(
        "Exchange a refresh token, once, for a new pair. A second exchange of the same token is "
        "refused. `accounts/token/refresh/` is the same as `accounts/refresh/`."
    ),
    body={"refresh": REFRESH},
)
TEXTS: Mapping[tuple[str, str], Text] = {
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
    ("get", "online-users/"): Text(
        summary="List the people online",
        description=(
            "The people whom the user sees online, at most 200: those of private rooms, and of the "
            "forum's rooms where the user wrote in the last 30 days. `count` is the number of all. "
            "People who hide their presence, or who block the user, are in neither. "
            "`ws/presence/` sends the same as it changes."
        ),
    ),
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
    ("get", "usage/"): Text(
        summary="Read the quotas",
        description=(
            "The limits of the user's plan and how much of each is used. `resets_at` is the end of "
            "the current window; it is null without a window, and for limits on how many rows a "
            "club has at once. With `club`, a club's managers get the limits of the club."
        ),
        answer={"kind": "rooms", "limit": 20, "used": 3, "resets_at": "2026-03-11T14:05:00Z"},
    ),
    ("post", "ws-ticket/"): Text(
        summary="Create a ticket for a socket",
        description=(
            "Offer `subprotocol` in one WebSocket handshake within `expires_in_s`. The socket ends "
            "with the log-in that created the ticket."
        ),
    ),
}
