"""Names and wire shapes: the groups of the channel layer, its messages, and the socket's frames."""

from typing import Any, Literal, TypedDict

from mainapp.market.quotes import Quote

STOCK_TRACK = "stock_track"
STOCK_CHAT = "stock_chat"

Session = Literal["pre_open", "open", "closing_call", "after_market", "closed"]
Feed = Literal["live", "late", "down"]
QuoteFrame = dict[str, Any]  # CONTRACTS §2's quote, or the changed part of one


class QuotesRecorded(TypedDict):
    """To the group `stock_track`: what one batch changed; the board holds the rest."""

    type: Literal["quotes.recorded"]
    epoch: str
    seq: int
    quotes: dict[str, QuoteFrame]


class ChatSaid(TypedDict):
    """To the group `stock_chat`: one message of a tracker room."""

    type: Literal["chat.said"]
    room: str
    user: str
    message: str
    sent_at: str


def quote_changes(before: Quote | None, after: Quote) -> QuoteFrame:
    """Return the fields of `after` that differ from `before`; all of them when there was none."""
    fields = after.to_wire()
    if before is None:
        return fields
    old = before.to_wire()
    return {name: value for name, value in fields.items() if old[name] != value}
