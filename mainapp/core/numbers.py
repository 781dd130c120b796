"""Decimal numbers as people and programs write them, with Brazilian or English separators."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

MAX_LENGTH = 60
# Texts that spreadsheets and people write in place of a missing number.
BLANKS = {"", "-", "--", "n/a", "#n/a", "n/d", "#n/d", "nd", "null", "none"}
MINUSES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")
CURRENCY = re.compile(
    r"^(?P<sign>[+-]?) ?(?:R\$|BRL) ?|(?<=[\d-]) ?(?:R\$|BRL|reais)$", re.IGNORECASE
)
# Any of the separators may group thousands; one point or comma may start the decimals.
NUMBER = re.compile(
    r"(?P<sign>[+-]?) ?"
    r"(?:(?P<grouped>[1-9]\d{0,2}(?P<group>[., '\u2019])\d{3}(?:(?P=group)\d{3})*)|(?P<digits>\d*))"
    r"(?:(?P<point>[.,])(?P<decimals>\d*))?"
    r"(?P<exponent>E[+-]?\d{1,2})?",
    re.ASCII | re.IGNORECASE,
)


DIGIT = re.compile(r"\d", re.ASCII)
MONEY = re.compile(r"R\$|BRL|reais|[(-]", re.IGNORECASE)


class AmbiguousNumber(ValueError):
    """A number such as 1.000: one thousand in Portuguese, one with three decimals in English."""


def parse_number(text: str, *, separator: str | None = None) -> Decimal | None:
    """Return the number in `text`, with comma or point as decimal separator; None if invalid.

    1.000,50 and 1,000.50 and R$ 1000,5 have only one meaning. 1.000 depends on the decimal
    separator `separator`. A negative number has a minus at either end or is in parentheses.
    Raises: AmbiguousNumber if the separator is needed and not given.
    """
    match = _match(text)
    if match is None:
        return None
    whole = match["digits"] or re.sub(r"\D", "", match["grouped"] or "0")
    decimals = match["decimals"] or ""
    if _is_ambiguous(match):
        # Before an exponent the separator starts decimals: 1.234E3 is 1234.
        if separator is None and not match["exponent"]:
            raise AmbiguousNumber(text)
        if separator == match["group"] or match["exponent"]:
            whole, decimals = whole[:-3], whole[-3:]
    return Decimal(f"{match['sign']}{whole}.{decimals or '0'}{match['exponent'] or ''}")


def is_blank(text: str) -> bool:
    """Return whether the text means that there is no number: empty, a dash or N/D."""
    return _bare(text).casefold() in BLANKS


def is_percentage(text: str) -> bool:
    if "%" not in text:
        return False
    bare = _bare(text)
    return bare.endswith("%") and _match(bare[:-1]) is not None


def decimal_separators(texts: Iterable[str]) -> set[str]:
    """Return the decimal separators that these numbers prove: 1.000.000 proves a comma."""
    separators = set()
    for text in texts:
        match = _match(text)
        if match is None:
            continue
        if match["point"]:
            separators.add(match["point"])
        elif match["group"] in (".", ",") and not _is_ambiguous(match):
            separators.add("," if match["group"] == "." else ".")
    return separators


def format_number(value: Decimal, *, separator: str) -> str:
    """Format a number so that `parse_number` reads it back in any language.

    Without thousands separators or trailing zeros, and never with three decimals, which would be
    ambiguous: 30,1250.
    """
    whole, _point, decimals = f"{value:f}".partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) == 3:
        decimals += "0"
    return f"{whole}{separator}{decimals}" if decimals else whole


@lru_cache(maxsize=4096)
def _match(text: str) -> re.Match[str] | None:
    if len(text) > MAX_LENGTH or not DIGIT.search(text):
        return None
    bare = _bare(text)
    match = NUMBER.fullmatch(bare)
    # Most texts are neither number nor money: this search costs a tenth of `_without_money`.
    if match is None and MONEY.search(bare):
        match = NUMBER.fullmatch(_without_money(bare))
    if match is None or not (match["grouped"] or match["digits"] or match["decimals"]):
        return None
    return None if match["point"] and match["point"] == match["group"] else match


def _without_money(text: str) -> str:
    """Return the text without its currency, with its minus or parentheses as a leading minus."""
    text = CURRENCY.sub(r"\g<sign>", text, count=1)
    if text.startswith("(") and text.endswith(")"):
        return f"-{CURRENCY.sub('', text[1:-1].strip(), count=1)}"
    return f"-{text[:-1].rstrip()}" if text.endswith("-") else text


def _is_ambiguous(match: re.Match[str]) -> bool:
    grouped, group = match["grouped"], match["group"]
    return group in (".", ",") and not match["point"] and grouped.count(group) == 1


def _bare(text: str) -> str:
    """Return the text with plain minuses and spaces, and without invisible characters.

    The apostrophe with which a spreadsheet marks text is removed too.
    """
    if text.isascii() and text.isprintable():  # three times faster
        return text.strip().removeprefix("'").strip()
    visible = (
        " " if letter.isspace() else letter
        for letter in text.translate(MINUSES)
        if letter.isspace() or unicodedata.category(letter) not in ("Cf", "Cc")
    )
    return "".join(visible).strip().removeprefix("'").strip()
