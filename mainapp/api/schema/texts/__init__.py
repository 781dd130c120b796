"""Summary, description, examples and particular errors of every operation of the API."""

from collections.abc import Mapping

from mainapp.api.schema.texts import (
    accounts,
    agenda,
    alerts,
    chats,
    club_shared,
    clubs,
    ideas,
    reports,
)
from mainapp.api.schema.texts.text import Text

__all__ = ["TEXTS", "Text"]

MESSAGE_ID = "6f1c0f0e-5d0c-4c7e-9f6e-3a1d0a6f0001"

_READ_NOTIFICATION = Text(
    summary="Mark a notification as read",
    description="Safe to repeat. The body may be empty; a notification cannot become unread again.",
    body={"read": True},
    answer={"is_read": True, "read": True},
)

TEXTS: Mapping[tuple[str, str], Text] = {
    **accounts.TEXTS,
    **agenda.TEXTS,
    **alerts.TEXTS,
    **chats.TEXTS,
    **clubs.TEXTS,
    **ideas.TEXTS,
    **reports.TEXTS,
    **club_shared.TEXTS,
    ("get", ""): Text(
        summary="Find the documentation",
        description="The addresses of this description and of the page that shows it.",
        answer={"schema": "/api/schema/", "docs": "/api/docs/"},
    ),
    ("get", "stocks/"): Text(
        summary="List the stocks",
        description="The stocks of the catalogue with their newest quotes, filtered and ordered.",
    ),
    ("get", "stocks/{symbol}/"): Text(
        summary="Read a stock",
        description="One stock, by its present or a former ticker, with its newest quote.",
    ),
    ("get", "stocks/{symbol}/events/"): Text(
        summary="List a stock's payments and events",
        description=(
            "The newest dividends, interest on capital, splits and other corporate events, "
            "announced ones first. `announced` becomes `happened` when a source confirms it on its "
            "day. Prices are adjusted only by events whose ratio and day are sure."
        ),
        answer={
            "kind": "dividend",
            "status": "announced",
            "amount": "0.33428617",
            "ratio": None,
            "successor": None,
            "sources": ["brapi", "yahoo"],
            "others": None,
            "former": {"amount": "0.32"},
        },
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
        description=(
            "The rooms of the forum and of the user's clubs, the most recently active first. "
            "`club` gives those of one club."
        ),
    ),
    ("post", "rooms/"): Text(
        summary="Create a room",
        description=(
            "Create a room of the forum, whose host is the user, or of a club that the user "
            "manages."
        ),
        body={"name": "Petrobras", "topic": "Ações", "stock": "PETR4"},
        answer={"name": "Petrobras", "topic": "Ações", "stock": "PETR4", "is_closed": False},
        errors=("suspended", "limit_reached"),
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
        errors=("muted", "suspended", "new_account", "closed", "too_long", "unavailable_person"),
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
}
