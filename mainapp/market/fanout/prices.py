"""A process's mirror of the board: each quote encoded once, and since when each field is so."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from mainapp.market.board import Contents
from mainapp.market.events import QuoteFrame


class Entry:
    """One symbol: its fields as on the wire and the number under which each last changed."""

    __slots__ = ("_encoded", "changed_at", "fields", "seq")

    def __init__(self, fields: QuoteFrame, seq: int) -> None:
        self.fields = fields
        self.seq = seq
        self.changed_at = dict.fromkeys(fields, seq)
        self._encoded: str | None = None

    def merge(self, changed: QuoteFrame, seq: int) -> None:
        self.fields |= changed
        self.changed_at |= dict.fromkeys(changed, seq)
        self.seq = seq
        self._encoded = None

    @property
    def encoded(self) -> str:
        """The whole quote as JSON; built once a change."""
        if self._encoded is None:
            self._encoded = encode(self.fields)
        return self._encoded

    def changes_since(self, seq: int) -> QuoteFrame:
        return {name: self.fields[name] for name, at in self.changed_at.items() if at > seq}


class Prices:
    """All quotes of one epoch, up to number `seq`."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.seq = 0
        self.entries: dict[str, Entry] = {}

    def apply(self, changed: Mapping[str, QuoteFrame], seq: int) -> dict[str, str]:
        """Take one batch in; return each symbol's fragment `"PETR4":{…}` of the update frame."""
        fragments = {}
        for symbol, fields in changed.items():
            if entry := self.entries.get(symbol):
                entry.merge(fields, seq)
            else:
                self.entries[symbol] = Entry(dict(fields), seq)
            fragments[symbol] = f'"{symbol}":{encode(fields)}'
        self.seq = seq
        return fragments

    def load(self, contents: Contents) -> dict[str, QuoteFrame]:
        """Take the whole board in; return each symbol's fields that changed since."""
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

    def whole(self, symbols: Iterable[str], since: int = -1) -> str:
        """Return the JSON object of the whole quotes of `symbols` changed after number `since`."""
        parts = [
            f'"{symbol}":{entry.encoded}'
            for symbol in symbols
            if (entry := self.entries.get(symbol)) and entry.seq > since
        ]
        return "{" + ",".join(parts) + "}"

    def changes(self, symbols: Iterable[str], since: int) -> str | None:
        """Return the JSON object of the fields changed after `since`; None when none did."""
        parts = [
            f'"{symbol}":{encode(entry.changes_since(since))}'
            for symbol in symbols
            if (entry := self.entries.get(symbol)) and entry.seq > since
        ]
        return "{" + ",".join(parts) + "}" if parts else None

    def pending(self, symbols: Iterable[str]) -> list[str]:
        return sorted(symbol for symbol in symbols if symbol not in self.entries)


def encode(value: Any) -> str:
    return orjson.dumps(value).decode()
