"""Names of the channel layer's groups, and the shapes of its messages and of socket frames."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

from mainapp.market.quotes import Quote, QuoteField, wire_fields

STOCK_TRACK = "stock_track"
STOCK_CHAT = "stock_chat"
STOCK_LISTS = "stock_lists"

Session = Literal["pre_open", "open", "closing_call", "after_market", "closed"]
Feed = Literal["live", "late", "down"]

# The longest chat message; the other texts are shorter.
MAX_TEXT = 500
MONEY = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
WIRE_TYPES: dict[str, type] = {"count": int, "seconds": int, "flag": bool}
FIELDS = {field.name: field for field in wire_fields(Quote)}


def is_quote_frame(frame: Mapping[str, Any]) -> bool:
    """Return whether all values have their fields' types.

    Accepted values stay in the copy of the board and are sent to every later client: one that
    cannot be encoded would make every snapshot of its symbol fail. Newer versions may have further
    fields.
    """
    return all(_is_value_of(FIELDS.get(name), value) for name, value in frame.items())


def is_whole_quote(frame: Mapping[str, Any]) -> bool:
    return frame.keys() >= FIELDS.keys()


def _is_value_of(field: QuoteField | None, value: Any) -> bool:
    if field is None:
        return value is None or isinstance(value, str | int | float)
    if value is None:
        return field.is_nullable
    if field.kind.name == "amount" and not (isinstance(value, str) and "." in value):
        return type(value) is int  # a string only where it is not whole
    if field.kind.name in ("price", "money", "amount"):
        return isinstance(value, str) and MONEY.fullmatch(value) is not None
    return type(value) is WIRE_TYPES.get(field.kind.name, str)


# The quote of CONTRACTS §2, or only its changed fields.
QuoteFrame = Annotated[dict[str, Any], is_quote_frame]


class QuotesRecorded(TypedDict):
    """Message to the group `stock_track`: the changes of one batch to the board."""

    type: Literal["quotes.recorded"]
    epoch: str
    seq: int
    quotes: dict[str, QuoteFrame]


def is_short(text: str) -> bool:
    return len(text) <= MAX_TEXT


ShortText = Annotated[str, is_short]


class ChatMessage(TypedDict):
    """Message to the group `stock_chat`: one chat message of a tracker room."""

    type: Literal["chat.said"]
    room: ShortText
    user: ShortText
    message: ShortText
    sent_at: ShortText


class ListsChanged(TypedDict):
    """Message to the group `stock_lists`: the watchlists of a user changed."""

    type: Literal["lists.changed"]
    user: int


def quote_changes(before: Quote | None, after: Quote) -> QuoteFrame:
    """Return the fields of `after` that differ from `before`, or all fields without a `before`."""
    fields = after.to_wire()
    if before is None:
        return fields
    old = before.to_wire()
    return {name: value for name, value in fields.items() if old[name] != value}
