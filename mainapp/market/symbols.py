"""The grammar of B3's tickers, and how text is folded for search."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

INDEX = "IBOV"
MAX_LENGTH = 12

Kind = Literal["ON", "PN", "UNIT", "ETF", "FII", "BDR", "INDEX"]

_GRAMMAR = re.compile(
    r"(?P<root>(?=[0-9]{0,3}[A-Z])[A-Z0-9]{4})"
    r"(?P<suffix>3[1-9]|1[0-5]?|[2-9])"
    r"(?P<counter>B?)(?P<fractional>F?)"
)


@dataclass(frozen=True, slots=True)
class Ticker:
    """A ticker taken apart: `PETR4F` is the root PETR, the suffix 4, and fractional.

    `symbol` is the paper's own, without the final F; the index has no suffix.
    """

    symbol: str
    root: str
    suffix: str
    is_fractional: bool = False

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the suffix says that the paper is; several for 11, none for rights and receipts."""
        if self.symbol == INDEX:
            return ("INDEX",)
        if self.suffix == "11":
            return ("UNIT", "ETF", "FII")
        if len(self.suffix) == 2:
            return ("BDR",) if self.suffix[0] == "3" else ()
        if self.suffix == "3":
            return ("ON",)
        return ("PN",) if self.suffix in "45678" else ()


def parse(text: str) -> Ticker | None:
    """Return the ticker that `text` names in any case, spaces around it aside, or None."""
    if not text.isascii():  # some other letters have ASCII capitals
        return None
    symbol = text.strip(" ").upper()
    if symbol == INDEX:
        return Ticker(symbol=INDEX, root=INDEX, suffix="")
    match = _GRAMMAR.fullmatch(symbol)
    if match is None:
        return None
    return Ticker(
        symbol=symbol[: match.end("counter")],
        root=match["root"],
        suffix=match["suffix"],
        is_fractional=bool(match["fractional"]),
    )


def canonical(text: str) -> str | None:
    """Return the symbol under which `text` is quoted (`petr4f` is PETR4), or None for no ticker."""
    ticker = parse(text)
    return ticker.symbol if ticker else None


def fold(text: str) -> str:
    """Return `text` as search compares it: lower case, no accents, single spaces, no controls."""
    letters = unicodedata.normalize("NFKD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    visible = (
        " " if unicodedata.category(letter)[0] in "CZ" else letter
        for letter in letters
        if not unicodedata.combining(letter)
    )
    return " ".join("".join(visible).casefold().split())
