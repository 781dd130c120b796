"""Tickers within the texts of cells: `BVMF:VALE3`, `PETR4.SA`, `BBAS3 - BANCO DO BRASIL S.A.`."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

from mainapp.market.symbols import LetterTable, canonical

WORD = re.compile(r"[A-Za-z0-9]+", re.ASCII)
ANOTHER = re.compile(r"[A-Za-z0-9]+\s*(?:[/,;+&|]|(?:e|ou|and|or)\s)", re.ASCII | re.IGNORECASE)
LIKELY = re.compile(r"[A-Za-z0-9]{4}[ ._-]?[0-9]|[Ii][Bb][Oo][Vv]", re.ASCII)
APART = re.compile(r"([A-Za-z0-9]{4})[ ._-]([0-9]{1,2}[Ff]?)", re.ASCII)  # PETR-4, alone in a cell
# A superset of the grammar of `market.symbols`, for long texts.
TICKER = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{4}[0-9]{1,2}[A-Za-z]{0,2}|IBOV)(?![A-Za-z0-9])"
)
PREFIXES = {"BVMF", "BMFBOVESPA", "BOVESPA", "B3", "SAO"}


@lru_cache(maxsize=20_000)
def tickers_in(text: str) -> tuple[str, ...]:
    """Return the symbols in a text, without repetition; only the first if the text begins with it.

    `JBSS32 (ex JBSS3)` names JBSS32; `PETR4/VALE3` names both. A fractional ticker returns the
    symbol of its stock.
    """
    visible = text if text.isascii() else _visible(text)
    if not LIKELY.search(visible):
        return ()
    if (apart := APART.fullmatch(visible.strip())) and (symbol := canonical(apart[1] + apart[2])):
        return (symbol,)
    words = WORD.findall(visible)
    if len(words) > 1 and words[0].upper() in PREFIXES:
        words = words[1:]
    symbols = [canonical(word) for word in words]
    if symbols and symbols[0] and not ANOTHER.match(visible.strip()):
        return (symbols[0],)
    return tuple(dict.fromkeys(symbol for symbol in symbols if symbol))


def known_tickers_in(texts: Iterable[str], known: Collection[str]) -> set[str]:
    """Return the symbols in the texts that are `known`.

    Only those are parsed: a file of 2 MB may have 200,000 others, which take a second.
    """
    text = " ".join(texts)
    words = TICKER.findall(text if text.isascii() else _visible(text))
    symbols = {word.upper() for word in words}
    symbols |= {symbol[:-1] for symbol in symbols if symbol.endswith("F")}
    return symbols.intersection(known)


_VISIBLE = LetterTable(
    lambda letter: "" if unicodedata.category(letter) in ("Cf", "Cc") else letter
)


def _visible(text: str) -> str:
    return text.translate(_VISIBLE)
