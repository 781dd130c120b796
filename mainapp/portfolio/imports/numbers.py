"""Decimal separators of the columns of a table.

1.000 is one thousand, or one with three decimals. The other numbers of its column decide, unless
other columns contradict them. Without such numbers, the other columns can only show that it is one
thousand, by a comma that starts decimals. Otherwise the user is asked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mainapp.core.numbers import (
    AmbiguousNumber,
    decimal_separators,
    is_blank,
    is_percentage,
    parse_number,
)
from mainapp.portfolio.imports.sheets import Cell

COMMA, POINT = ",", "."
CENTS = re.compile(r"\d\d", re.ASCII)
SHORT = re.compile(r"\d\d?", re.ASCII)
WHOLE = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The decimal separator of a column. Without one, `example` is a text that needs it."""

    separator: str | None = None
    example: str = ""
    is_chosen: bool = False

    @property
    def is_open(self) -> bool:
        return bool(self.example) and self.separator is None


def read_columns(
    columns: Mapping[int, Sequence[Cell]], chosen: Mapping[int, str]
) -> dict[int, Reading]:
    """Return the reading of each column; `chosen` holds the separators that the user chose."""
    texts = {
        place: [cell for cell in cells if isinstance(cell, str)] for place, cells in columns.items()
    }
    proofs = {place: decimal_separators(each) for place, each in texts.items()}
    return {
        place: _reading(
            [text for text in each if is_ambiguous(text)],
            proofs[place],
            set().union(*(proof for other, proof in proofs.items() if other != place)),
            chosen.get(place),
        )
        for place, each in texts.items()
    }


def _reading(ambiguous: list[str], own: set[str], others: set[str], chosen: str | None) -> Reading:
    example = ambiguous[0] if ambiguous else ""
    if chosen:
        return Reading(separator=chosen, example=example, is_chosen=True)
    if len(own) == 1 and (not ambiguous or own == (others or own)):
        return Reading(separator=next(iter(own)), example=example)
    if own or not ambiguous:
        return Reading(example=example)
    # The decimal separators that these texts imply if they are thousands.
    implied = {COMMA if _group(text) == POINT else POINT for text in ambiguous}
    is_thousand = len(others) == 1 and implied == others
    return Reading(separator=next(iter(others)) if is_thousand else None, example=example)


def is_ambiguous(text: str) -> bool:
    try:
        parse_number(text)
    except AmbiguousNumber:
        return True
    return False


def _group(text: str) -> str:
    return COMMA if COMMA in text else POINT


def separators_of(text: str) -> list[tuple[str, Decimal, bool]]:
    """Return both readings of an ambiguous text: separator, value, and whether it is thousands."""
    group = _group(text)
    other = POINT if group == COMMA else COMMA
    return [
        (separator, parse_number(text, separator=separator) or Decimal(0), separator == other)
        for separator in (other, group)
    ]


def are_percentages(cells: Sequence[Cell]) -> bool:
    """Return whether at least half of the cells that are not blank are percentages."""
    filled = [cell for cell in cells if isinstance(cell, Decimal) or not is_blank(cell)]
    percentages = sum(isinstance(cell, str) and is_percentage(cell) for cell in filled)
    return bool(filled) and 2 * percentages >= len(filled)


def is_mostly_numbers(cells: Sequence[Cell]) -> bool:
    """Return whether at least half of the cells that are not blank are numbers."""
    filled = [cell for cell in cells if isinstance(cell, Decimal) or not is_blank(cell)]
    numbers = sum(isinstance(cell, Decimal) or is_number(cell) for cell in filled)
    return bool(filled) and 2 * numbers >= len(filled)


def is_number(text: str) -> bool:
    return parse_number(text, separator=COMMA) is not None


def is_cut(whole: Cell, part: Cell, cents: re.Pattern[str] = CENTS) -> bool:
    """Return whether two cells may be one number that was cut at its decimal comma."""
    return bool(WHOLE.fullmatch(str(whole).strip()) and cents.fullmatch(str(part).strip()))
