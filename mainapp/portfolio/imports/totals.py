"""Rows without a lot: totals, and texts such as titles of sections."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from mainapp.market.symbols import fold
from mainapp.portfolio.imports.numbers import is_number
from mainapp.portfolio.imports.roles import Columns
from mainapp.portfolio.imports.sheets import Cell, Row, is_empty
from mainapp.portfolio.imports.tickers import tickers_in
from mainapp.portfolio.imports.titles import Role

NEEDED = (Role.QUANTIDADE, Role.PRECO_MEDIO, Role.CUSTO_TOTAL)
OF_TOTALS = {"geral", "grand", "r$", "de", "do", "da", "por", "ativo", "corretora", "carteira"}
TOTALS = {"total", "subtotal", "sub-total", "totais", "soma"}
TOTAL = re.compile(r"tota|soma|[^\x00-\x7f]", re.IGNORECASE)  # no match: not a total


def is_total_or_text(row: Row, columns: Columns) -> bool:
    """Return whether the row is a total, or a single text such as the title of a section."""
    places = (place for place, cell in enumerate(row) if not is_empty([cell]))
    start = next(places)
    first = row[start]
    is_total = isinstance(first, str) and TOTAL.search(first)
    code = columns.roles[Role.ATIVO]
    has_others = next(places, None) is not None
    if has_others and not is_total and code < len(row) and not is_empty([row[code]]):
        return False  # like most rows; looking at their other cells would cost time
    filled = {place: cell for place, cell in enumerate(row) if not is_empty([cell])}
    needed = {place for role, place in columns.roles.items() if role in NEEDED}
    if isinstance(first, str):
        words = fold(first).replace(":", "").split()
        if words and (words[0] in TOTALS or words[-1] in TOTALS):
            return not (needed <= filled.keys() and _is_named_total(words, filled, columns))
        if len(filled) == 1 and not is_number(first):
            return not tickers_in(first)
    return (
        code not in filled
        and not needed <= filled.keys()
        and all(isinstance(cell, Decimal) or is_number(cell) for cell in filled.values())
    )


def _is_named_total(words: Sequence[str], filled: Mapping[int, Cell], columns: Columns) -> bool:
    """Return whether the word belongs to a company's name, such as Grupo Soma beside SOMA3."""
    code = columns.roles[Role.ATIVO]
    is_beside = code in filled and code != min(filled)
    others = {word for word in words if word not in TOTALS and not tickers_in(word)}
    return is_beside and bool(tickers_in(str(filled[code]))) and bool(others - OF_TOTALS)
