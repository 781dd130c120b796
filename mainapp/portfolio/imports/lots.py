"""The two results of reading a row: a lot, or a fault."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from mainapp.portfolio.imports.sheets import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A quantity of one stock at one price, from one row; a sale has a negative quantity.

    Both are exact: the holding is rounded once, after merging. `notes` explain conversions.
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
    """A row that is not imported, with the reasons. `symbol` is "" if the code cannot be read."""

    sheet: str
    number: int
    text: str
    reasons: tuple[Reason | str, ...]
    symbol: str = ""
