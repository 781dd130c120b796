"""Texts of the operations on what members of a club share."""

from mainapp.api.schema.texts.text import Text

TEXTS = {
    ("get", "clubs/{slug}/carteira/"): Text(
        summary="Read the carteira of a club",
        description=(
            "The carteiras that members show, in percent: their plain mean, from three carteiras "
            "on, and each member's. Never an amount, a quantity or a price."
        ),
        answer={
            "mean": [{"symbol": "PETR4", "pct": "62.50"}],
            "missing": 0,
            "members": [
                {
                    "user": {"id": 7, "name": "Ana", "avatar": None},
                    "shares": [{"symbol": "PETR4", "pct": "100.00"}],
                }
            ],
        },
    ),
    ("get", "clubs/{slug}/list/"): Text(
        summary="Read the list of a club",
        description="The stocks that the members follow together, in the list's order.",
        answer={"id": 31, "name": "Ventos", "symbols": ["PETR4", "VALE3"], "unknown": []},
    ),
    ("patch", "clubs/{slug}/list/"): Text(
        summary="Change the list of a club",
        description=(
            "As a manager: removes, appends and orders stocks; the first change makes the list. "
            "Open pages of the members show the change at once. Safe to repeat."
        ),
        body={"add": ["VALE3"], "remove": ["MGLU3"]},
        answer={"id": 31, "name": "Ventos", "symbols": ["PETR4", "VALE3"], "unknown": []},
        errors=("forbidden",),
    ),
    ("get", "clubs/{slug}/alerts/"): Text(
        summary="List the alerts of a club",
        description="The alerts that members share, by symbol, and whether the user receives them.",
    ),
    ("post", "clubs/{slug}/alerts/"): Text(
        summary="Share an alert with a club",
        description=(
            "The alert stays the user's, who alone changes it; its note and address are not shown. "
            "Safe to repeat. An alert is shared with one club at most."
        ),
        body={"alert": 12},
        errors=("suspended",),
    ),
    ("delete", "clubs/{slug}/alerts/{id}/"): Text(
        summary="Take an alert out of a club",
        description="As its owner or as a manager of the club; the alert itself stays.",
        errors=("forbidden",),
    ),
    ("post", "clubs/{slug}/alerts/{id}/subscription/"): Text(
        summary="Receive a shared alert",
        description="Each firing notifies the user by their own channels. Safe to repeat.",
        body={},
    ),
    ("delete", "clubs/{slug}/alerts/{id}/subscription/"): Text(
        summary="Stop receiving a shared alert",
        description="Safe to repeat.",
    ),
}
