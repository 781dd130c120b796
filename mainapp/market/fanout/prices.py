"""A process's copy of the board: each quote is encoded once, each field has its last change."""

import sys
from collections.abc import Iterable, Mapping

from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.messages import MalformedMessage
from mainapp.market.board import Contents, Pulse
from mainapp.market.events import QuoteFrame, is_whole_quote
from mainapp.market.sessions import session_now


class Entry:
    """The fields of a symbol as sent to clients, and the number of each field's last change."""

    __slots__ = ("_encoded", "changed_at", "fields", "seq")

    def __init__(self, fields: QuoteFrame, seq: int) -> None:
        self.fields = fields
        self.seq = seq
        self.changed_at = dict.fromkeys(fields, seq)
        self._encoded: bytes | None = None

    def with_session(self, changed: QuoteFrame) -> QuoteFrame:
        """Return changed fields with the session of the quote's market if it is another now.

        It changes with time, not with a quote.
        """
        session = session_now(self.fields["symbol"], is_simulated=self.fields["simulated"])
        return changed if self.fields.get("session") == session else {**changed, "session": session}

    def merge(self, changed: QuoteFrame, seq: int) -> None:
        self.fields |= changed
        self.changed_at |= dict.fromkeys(changed, seq)
        self.seq = seq
        self._encoded = None

    @property
    def encoded(self) -> bytes:
        """The whole quote as JSON; encoded once per change."""
        if session := self.with_session({}):
            self.fields |= session
            self._encoded = None
        if self._encoded is None:
            self._encoded = encode(self.fields)
        return self._encoded

    def changes_since(self, seq: int) -> QuoteFrame:
        return {name: self.fields[name] for name, at in self.changed_at.items() if at > seq}


class Prices:
    """All quotes of an epoch, up to the batch number `seq`."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.seq = 0
        self.entries: dict[str, Entry] = {}

    def is_behind(self, board: Pulse | Contents) -> bool:
        """Return whether the board has a batch or an epoch that this copy does not have."""
        return bool(board.epoch) and (board.epoch != self.epoch or board.seq > self.seq)

    def apply(self, changed: Mapping[str, QuoteFrame], seq: int) -> dict[str, bytes]:
        """Apply a batch; return each symbol's fragment `"PETR4":{…}` of the update frame.

        Raises: MalformedMessage, and applies nothing, if a quote of a new symbol is incomplete.
        """
        for symbol, fields in changed.items():
            if symbol not in self.entries and not is_whole_quote(fields):
                raise MalformedMessage(f"an incomplete quote of the new symbol {symbol[:12]!r}")
        fragments = {}
        for symbol, fields in changed.items():
            sent = fields
            if entry := self.entries.get(symbol):
                entry.merge(sent := entry.with_session(fields), seq)
            else:
                self.entries[symbol] = Entry(dict(fields), seq)
            fragments[sys.intern(symbol)] = fragment(symbol, encode(sent))
        self.seq = seq
        return fragments

    def load(self, contents: Contents) -> dict[str, QuoteFrame]:
        """Load the whole board; return each symbol's fields changed since the last batch."""
        if contents.epoch != self.epoch:
            self.entries.clear()
        changed: dict[str, QuoteFrame] = {}
        for symbol, (seq, quote) in contents.quotes.items():
            entry = self.entries.get(symbol)
            if entry is not None and entry.seq >= seq:
                continue
            fields = quote.to_wire()
            if entry is None:
                self.entries[symbol] = Entry(fields, seq)
                changed[symbol] = fields
                continue
            difference = {k: v for k, v in fields.items() if entry.fields.get(k) != v}
            entry.merge(difference, seq)
            changed[symbol] = difference
        self.epoch, self.seq = contents.epoch, contents.seq
        return changed

    def whole(self, symbols: Iterable[str], since: int = -1) -> bytes:
        """Return a JSON object of the complete quotes of symbols changed after number `since`."""
        parts = [
            fragment(symbol, entry.encoded)
            for symbol in symbols
            if (entry := self.entries.get(symbol)) and entry.seq > since
        ]
        return b"{" + b",".join(parts) + b"}"

    def changes(self, symbols: Iterable[str], since: int) -> bytes | None:
        """Return a JSON object of the fields changed after number `since`, or None."""
        parts = [
            fragment(symbol, encode(entry.changes_since(since)))
            for symbol in symbols
            if (entry := self.entries.get(symbol)) and entry.seq > since
        ]
        return b"{" + b",".join(parts) + b"}" if parts else None

    def pending(self, symbols: Iterable[str]) -> list[str]:
        return sorted(symbol for symbol in symbols if symbol not in self.entries)


def fragment(symbol: str, fields_json: bytes) -> bytes:
    """Return a member of a `quotes` object. Symbols need no escaping."""
    return b'"%b":%b' % (symbol.encode(), fields_json)
