"""What a row of a table becomes: a lot, or a fault."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from mainapp.portfolio.imports.sheets import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A quantity of one stock at one price, as a row has it; a sale has a negative quantity.

    Both are exact: the holding is rounded once, after merging. `notes` say how it was read.
    """

    symbol: str
    quantity: Fraction
    price: Fraction
    sheet: str
    number: int
    origin: str = ""  # the symbol in the row, where `symbol` is today's
    nota: int | None = None
    on: date | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A row that is not imported, with its code, if that can be read."""

    sheet: str
    number: int
    text: str
    reasons: tuple[Reason | str, ...]
    symbol: str = ""
