"""Rows of a table as lots of stocks, or as faults with their reasons."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from mainapp.core.numbers import (
    AmbiguousNumber,
    decimal_separators,
    is_blank,
    is_percentage,
    parse_number,
)
from mainapp.market.symbols import fold
from mainapp.portfolio.imports.dates import read_dates
from mainapp.portfolio.imports.lots import Fault, Lot
from mainapp.portfolio.imports.numbers import COMMA, POINT, Reading, is_cut
from mainapp.portfolio.imports.operations import is_sale
from mainapp.portfolio.imports.roles import Columns
from mainapp.portfolio.imports.sheets import Cell, Reason, Row, is_empty
from mainapp.portfolio.imports.tables import Table
from mainapp.portfolio.imports.tickers import tickers_in
from mainapp.portfolio.imports.titles import Role
from mainapp.portfolio.imports.totals import is_total_or_text
from mainapp.portfolio.policies import MAX_FAULTS_SHOWN, MAX_NOTA

MAX_DIGITS = 10  # before the comma
MAX_TEXT = 40  # of a cell that is quoted in a reason
REAIS = re.compile(r"(?:brl|r\$|rs|r|real|reais|brazilian real|986)(?![a-z0-9])")


class Unreadable(ValueError):
    """A cell that cannot be read."""

    def __init__(self, template: str, **params: Any) -> None:
        super().__init__(template)
        self.reason = Reason(template, params)


@dataclass(slots=True)
class TableRows:
    """The rows of a table; `skipped` are the numbers of totals, texts and repeated headers."""

    lots: list[Lot] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)


def read_rows(table: Table, columns: Columns, readings: Mapping[int, Reading]) -> TableRows:
    """Return the lots and faults of a table whose columns are complete."""
    reader = _RowReader(table, columns, readings)
    result = TableRows()
    width = table.width
    titles = table.titles[:width] or None  # None: without a header there is none to repeat
    for (number, row), on in zip(table.rows, _dates(table, columns), strict=True):
        if is_empty(row):
            result.empty.append(number)
            continue
        if row[:width] == titles or is_total_or_text(row, columns):
            result.skipped.append(number)
            continue
        lot = reader.read(number, row, on)
        if isinstance(lot, Lot):
            result.lots.append(lot)
        else:
            result.faults.append(lot)
    return result


def _dates(table: Table, columns: Columns) -> list[date | None]:
    place = columns.roles.get(Role.DATA)
    return [None] * len(table.rows) if place is None else read_dates(table.column(place))


class _RowReader:
    """Reader for the rows of one table."""

    _titles = {
        Role.QUANTIDADE: gettext_lazy("Quantidade"),
        Role.PRECO_MEDIO: gettext_lazy("Preço médio"),
        Role.CUSTO_TOTAL: gettext_lazy("Custo total"),
        Role.NOTA: gettext_lazy("Nota"),
    }

    def __init__(self, table: Table, columns: Columns, readings: Mapping[int, Reading]) -> None:
        self._table = table
        self._columns = columns
        self._readings = readings
        self._width = table.width
        self._expected = columns.ignored | set(columns.roles.values())
        # One row that is too long shows that the file separates columns by its decimal commas.
        self._are_cut = any(self._is_long(row) for _number, row in table.rows)
        self._faults = 0

    def read(self, number: int, row: Row, on: date | None) -> Lot | Fault:
        """Return a lot, or a fault: with all its reasons, or only one if it will not be shown."""
        reasons: list[Reason] = []
        for check in (self._check_length, self._check_currency):
            self._try(check, row, reasons)
        symbol = self._try(self._symbol, row, reasons)
        if reasons and self._faults >= MAX_FAULTS_SHOWN:
            return self._fault(number, row, reasons[:1])
        quantity = self._try(self._quantity, row, reasons)
        price = self._try(partial(self._price, quantity=quantity), row, reasons)
        nota = self._try(self._nota, row, reasons)
        if reasons:
            return self._fault(number, row, reasons)
        return Lot(
            symbol=symbol,
            origin=symbol,
            quantity=quantity,
            price=price,
            nota=nota,
            sheet=self._table.sheet.name,
            number=number,
            on=on,
        )

    def _try(self, read: Callable[[Row], Any], row: Row, reasons: list[Reason]) -> Any:
        try:
            return read(row)
        except Unreadable as error:
            reasons.append(error.reason)
        return None

    def _fault(self, number: int, row: Row, reasons: Sequence[Reason]) -> Fault:
        self._faults += 1
        code = str(self._cell(row, Role.ATIVO)).strip()
        symbols = tickers_in(code)
        return Fault(
            sheet=self._table.sheet.name,
            number=number,
            text=code[:MAX_TEXT],
            symbol=symbols[0] if len(symbols) == 1 else "",
            reasons=tuple(reasons),
        )

    def _check_length(self, row: Row) -> None:
        if self._is_long(row) or (self._are_cut and self._may_be_cut(row)):
            raise Unreadable(
                _(
                    "A linha é mais longa que o cabeçalho (%(cells)s células para %(titles)s "
                    "títulos): um número com vírgula pode ter sido cortado em dois."
                ),
                cells=len(row),
                titles=self._width,
            )

    def _is_long(self, row: Row) -> bool:
        width = self._width
        if not width or len(row) <= width:
            return False
        extra = [
            cell
            for place, cell in enumerate(row[width:], start=width)
            if place not in self._expected
        ]
        if not is_empty(extra):
            return True
        # With an empty last cell, which may be a missing nota, the one before it may be the cents.
        is_pointed = decimal_separators(str(cell) for cell in row) == {POINT}
        return bool(extra) and self._table.sheet.separator == COMMA and not is_pointed

    def _may_be_cut(self, row: Row) -> bool:
        price = self._columns.roles.get(Role.PRECO_MEDIO)
        if self._table.sheet.separator != COMMA or price is None or price + 1 >= len(row):
            return False
        return is_cut(row[price], row[price + 1])

    def _symbol(self, row: Row) -> str:
        cell = self._cell(row, Role.ATIVO)
        symbols = tickers_in(cell) if isinstance(cell, str) else ()
        text = str(cell).strip()[:MAX_TEXT]
        if len(symbols) == 1:
            return symbols[0]
        if symbols:
            raise Unreadable(_("“%(text)s” cita mais de um ativo."), text=text)
        if text:
            raise Unreadable(_("“%(text)s” não é o código de um ativo."), text=text)
        raise Unreadable(_("Falta o ativo."))

    def _quantity(self, row: Row) -> Fraction:
        number = self._number(row, Role.QUANTIDADE)
        if number is None:
            raise Unreadable(_("Falta a quantidade."))
        return Fraction(-abs(number) if self._is_sale(row) else number)

    def _is_sale(self, row: Row) -> bool:
        text = str(self._cell(row, Role.OPERACAO)).strip()
        sale = is_sale(text)
        if sale is None and text:
            raise Unreadable(_("“%(text)s” não é compra nem venda."), text=text[:MAX_TEXT])
        return bool(sale)

    def _check_currency(self, row: Row) -> None:
        text = str(self._cell(row, Role.MOEDA)).strip()
        if not is_blank(text) and not REAIS.match(fold(text)):
            raise Unreadable(_("A moeda é “%(text)s”, não o real."), text=text[:MAX_TEXT])

    def _price(self, row: Row, *, quantity: Fraction | None) -> Fraction:
        """Return the price of one unit; a sale needs none."""
        if Role.PRECO_MEDIO in self._columns.roles:
            number = self._number(row, Role.PRECO_MEDIO)
            price = None if number is None else Fraction(number)
        else:
            price = self._unit_cost(row, quantity)
        if quantity and quantity < 0:
            return abs(price or Fraction(0))
        if price is None:
            raise Unreadable(_("Falta o preço médio."))
        if price < 0:
            raise Unreadable(_("Preço médio: Não pode ser negativo."))
        return price

    def _unit_cost(self, row: Row, quantity: Fraction | None) -> Fraction | None:
        total = self._number(row, Role.CUSTO_TOTAL)
        if total is None:
            return None
        return Fraction(total) / quantity if quantity else Fraction(0)

    def _nota(self, row: Row) -> int | None:
        nota = self._number(row, Role.NOTA)
        if nota is None:
            return None
        if nota != int(nota) or not 0 <= nota <= MAX_NOTA:
            raise Unreadable(_("Nota: use um número inteiro de 0 a 10."))
        return int(nota)

    def _cell(self, row: Row, role: Role) -> Cell:
        place = self._columns.roles.get(role)
        return row[place] if place is not None and place < len(row) else ""

    def _number(self, row: Row, role: Role) -> Decimal | None:
        """Return the number of a cell, None if it is blank. Raises: Unreadable."""
        cell = self._cell(row, role)
        if isinstance(cell, str):
            if is_blank(cell):
                return None
            cell = self._parsed(cell, role)
        if cell and cell.adjusted() >= MAX_DIGITS:
            template = _("%(title)s: o valor passa do limite de 9.999.999.999.")
            raise Unreadable(template, title=self._titles[role])
        return cell

    def _parsed(self, text: str, role: Role) -> Decimal:
        reading = self._readings.get(self._columns.roles[role])
        try:
            number = parse_number(text, separator=reading.separator if reading else None)
        except AmbiguousNumber:
            template = _("%(title)s: “%(text)s” pode ser lido de duas formas; escolha uma acima.")
        else:
            if number is not None:
                return number
            template = _("%(title)s: não entendemos “%(text)s”.")
            if is_percentage(text):
                template = _("%(title)s: “%(text)s” é um percentual.")
        raise Unreadable(template, title=self._titles[role], text=text.strip()[:MAX_TEXT])
