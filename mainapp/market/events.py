"""Names of the channel layer's groups, and the shapes of its messages and of socket frames."""

from typing import Any, Literal, TypedDict

from mainapp.market.quotes import Quote

STOCK_TRACK = "stock_track"
STOCK_CHAT = "stock_chat"

Session = Literal["pre_open", "open", "closing_call", "after_market", "closed"]
Feed = Literal["live", "late", "down"]
# The quote of CONTRACTS §2, or only its changed fields.
QuoteFrame = dict[str, Any]


class QuotesRecorded(TypedDict):
    """Message to the group `stock_track`: the changes of one batch to the board."""

    type: Literal["quotes.recorded"]
    epoch: str
    seq: int
    quotes: dict[str, QuoteFrame]


class ChatMessage(TypedDict):
    """Message to the group `stock_chat`: one chat message of a tracker room."""

    type: Literal["chat.said"]
    room: str
    user: str
    message: str
    sent_at: str


def quote_changes(before: Quote | None, after: Quote) -> QuoteFrame:
    """Return the fields of `after` that differ from `before`, or all fields without a `before`."""
    fields = after.to_wire()
    if before is None:
        return fields
    old = before.to_wire()
    return {name: value for name, value in fields.items() if old[name] != value}
