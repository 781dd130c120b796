"""Parsing of B3's tickers, and folding of text for search."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

INDEX = "IBOV"
MAX_LENGTH = 12

Market = Literal["B3", "CRIPTO"]
B3: Market = "B3"
CRIPTO: Market = "CRIPTO"

Kind = Literal["ON", "PN", "UNIT", "ETF", "FII", "BDR", "INDEX"]

_GRAMMAR = re.compile(
    r"(?P<root>(?=[0-9]{0,3}[A-Z])[A-Z0-9]{4})"
    r"(?P<suffix>3[1-9]|1[0-6]?|5[34]|9[7-9]|[2-9])"
    r"(?P<counter>B?)(?P<fractional>F?)"
)
# A crypto currency in reais: BTCBRL. No ticker of B3 ends with letters other than B and F.
_PAIR = re.compile(r"[A-Z0-9]{2,8}BRL")


@dataclass(frozen=True, slots=True)
class Ticker:
    """A parsed ticker: `PETR4F` has the root PETR and the suffix 4, and is fractional.

    `symbol` has no final F: the fractional market trades the same stock. The index has no suffix.
    """

    symbol: str
    root: str
    suffix: str
    is_fractional: bool = False

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The possible kinds by the suffix: several for 11, none for rights and receipts."""
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
    """Return the ticker in `text`, ignoring case and surrounding spaces, or None."""
    # str.upper() turns some other letters, such as the dotless i, into ASCII ones.
    if not text.isascii():
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
    """Return the quoted symbol of a ticker (PETR4 for `petr4f`) or pair, None for other text."""
    if is_pair(symbol := text.strip(" ").upper()) and text.isascii():
        return symbol
    ticker = parse(text)
    return ticker.symbol if ticker else None


def is_pair(symbol: str) -> bool:
    """Return whether a symbol in upper case is a pair of crypto currencies: BTCBRL."""
    return symbol.isascii() and _PAIR.fullmatch(symbol) is not None


def market_of(symbol: str) -> Market:
    """Return the market of a stock, which the form of its symbol tells."""
    return CRIPTO if is_pair(symbol) else B3


MAX_CACHED = 0x3000  # the alphabets; text of other letters is short


class LetterTable(dict[int, str]):
    """A table for `str.translate` that computes each letter once: 20 times faster than a loop."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self._translate = translate

    def __missing__(self, code: int) -> str:
        letter = self._translate(chr(code))
        if code < MAX_CACHED:
            self[code] = letter
        return letter


def _fold_letter(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    return " " if unicodedata.category(letter)[0] in "CZ" else letter


_FOLDED = LetterTable(_fold_letter)


def fold(text: str) -> str:
    """Normalise text for search: lower case, no accents, single spaces, no control characters."""
    letters = unicodedata.normalize("NFKD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return " ".join(letters.translate(_FOLDED).casefold().split())
