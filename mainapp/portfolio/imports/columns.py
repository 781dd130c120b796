"""Search for the columns of a table by their titles and values."""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from mainapp.core.numbers import is_blank, parse_number
from mainapp.market.symbols import fold
from mainapp.portfolio.imports.numbers import (
    CENTS,
    COMMA,
    SHORT,
    are_percentages,
    is_cut,
    is_mostly_numbers,
)
from mainapp.portfolio.imports.operations import is_sale_text
from mainapp.portfolio.imports.roles import Columns, Doubt, apply_choices
from mainapp.portfolio.imports.sheets import Cell
from mainapp.portfolio.imports.tables import Table
from mainapp.portfolio.imports.tickers import tickers_in
from mainapp.portfolio.imports.titles import EXACT, WEAK, Role, roles_of
from mainapp.portfolio.policies import MAX_NOTA

SAMPLE_ROWS = 200
CODE_COLUMNS = 2  # that are read beyond the sample, as they may hold the tickers
# Columns to search for sales, those with the best titles: 45 would take 0.4 s.
OPERATION_COLUMNS = 6
# Different texts in a column of purchases and sales without a title.
MAX_OPERATIONS = 100


# A check of a column's values for a role: takes the place of the column and its title's rank.
Suits = Callable[[int, int], bool]


def find_columns(
    table: Table, known: Collection[str], chosen: Mapping[int, str] | None = None
) -> Columns:
    """Return the columns of a table; `known` are the symbols of the catalogue.

    `chosen` maps columns to roles or IGNORED, and overrides titles and values.
    """
    columns = _ColumnFinder(table, known).find()
    return apply_choices(table, columns, chosen) if chosen else columns


def candidate_symbols(table: Table) -> set[str]:
    """Return the symbols in the first rows, and all those of the columns that have the most."""
    columns = [table.column(place) for place in range(table.full_width)]
    symbols = [_symbols(cells[:SAMPLE_ROWS]) for cells in columns]
    places = sorted(range(len(columns)), key=lambda place: -len(symbols[place]))
    likely = (columns[place] for place in places[:CODE_COLUMNS] if symbols[place])
    return set().union(*map(set, symbols), *map(_symbols, likely))


def _symbols(cells: Sequence[Cell]) -> list[str]:
    return [symbol for cell in cells if isinstance(cell, str) for symbol in tickers_in(cell)]


class _ColumnFinder:
    """The search for the columns of one table."""

    def __init__(self, table: Table, known: Collection[str]) -> None:
        self._table = table
        self._known = known
        self._columns = Columns()
        width = table.width or table.full_width
        self._cells = [table.column(place)[:SAMPLE_ROWS] for place in range(width)]
        self._roles = [
            roles_of(table.header_title(place), table.group(place)) for place in range(width)
        ]

    def find(self) -> Columns:
        if (code := self._code()) is not None:
            self._columns.roles[Role.ATIVO] = code
        self._find_role(Role.QUANTIDADE, self._is_amount)
        self._find_price()
        self._find_role(Role.NOTA, self._is_nota)
        self._find_role(Role.DATA, lambda _place, _rank: True)
        self._find_role(Role.MOEDA, lambda _place, _rank: True)
        self._find_operation()
        self._ask_about_cents()
        return self._columns

    def _code(self) -> int | None:
        """Return the column with the most known stocks, else tickers, else by its title.

        Of several such columns with different codes, as Ticker antigo and Ticker novo, the user
        chooses.
        """
        ranked: dict[tuple[int, int, int], list[int]] = {}
        for place, cells in enumerate(self._cells):
            symbols = [tickers_in(cell) for cell in cells if isinstance(cell, str)]
            counts = (
                sum(any(symbol in self._known for symbol in each) for each in symbols),
                sum(map(bool, symbols)),
                -self._roles[place].get(Role.ATIVO, WEAK + 1),
            )
            if any(counts[:2]) or Role.ATIVO in self._roles[place]:
                ranked.setdefault(counts, []).append(place)
        if not ranked:
            return None
        places = ranked[max(ranked)]
        codes = {tuple(tickers_in(str(cell)) for cell in self._cells[place]) for place in places}
        if max(ranked)[0] and len(codes) > 1:
            self._doubt(Role.ATIVO, places, _("há mais de uma coluna assim; escolha qual usar."))
            return None
        return places[0]

    def _find_role(self, role: Role, is_suitable: Suits) -> None:
        _rank, places = self._best(role, is_suitable)
        if places:
            self._assign(role, places)

    def _find_price(self) -> None:
        """Find the preço médio, else the total cost. A mere "Preço" may be today's: ask."""
        rank, prices = self._best(Role.PRECO_MEDIO, self._is_amount)
        if prices and rank < WEAK:
            self._assign(Role.PRECO_MEDIO, prices)
            return
        _rank, costs = self._best(Role.CUSTO_TOTAL, self._is_amount)
        if costs:
            self._assign(Role.CUSTO_TOTAL, costs)
        elif prices:
            self._doubt(Role.PRECO_MEDIO, prices, _("é o de compra, ou o preço de hoje?"))

    def _best(self, role: Role, is_suitable: Suits) -> tuple[int, list[int]]:
        """Return the best rank of a suitable column for the role, and all columns of that rank."""
        ranked = [
            (roles[role], place)
            for place, roles in enumerate(self._roles)
            if role in roles and place not in self._columns.roles.values()
        ]
        if role == Role.OPERACAO:
            ranked = sorted(ranked)[:OPERATION_COLUMNS]
        suitable = [(rank, place) for rank, place in ranked if is_suitable(place, rank)]
        best = min(suitable, default=(WEAK, 0))[0]
        return best, [place for rank, place in suitable if rank == best]

    def _assign(self, role: Role, places: Sequence[int]) -> None:
        """Give the role to the first column if the others have the same values; else ask."""
        if role in (Role.DATA, Role.OPERACAO, Role.MOEDA) or self._are_equal(places):
            self._columns.roles[role] = places[0]
        else:
            self._doubt(role, places, _("há mais de uma coluna assim; escolha qual usar."))

    def _are_equal(self, places: Sequence[int]) -> bool:
        first, *others = places
        return all(self._table.column(place) == self._table.column(first) for place in others)

    def _doubt(self, role: Role, places: Sequence[int], text: str) -> None:
        self._columns.doubts.append(Doubt(role=role, places=tuple(places), text=text))

    def _is_amount(self, place: int, rank: int) -> bool:
        if self._is_percentage(place):
            self._columns.notes.append(
                _("“%(title)s” tem percentuais: não é uma quantidade nem um preço.")
                % {"title": self._table.title(place)}
            )
            return False
        filled = [cell for cell in self._cells[place] if isinstance(cell, Decimal) or cell.strip()]
        return rank == EXACT or not filled or is_mostly_numbers(filled)

    def _is_nota(self, place: int, rank: int) -> bool:
        """Return whether the values are notas.

        Weights of the portfolio in percent are not: they add up to 100, or are not whole.
        """
        cells = self._cells[place]
        numbers = [number for cell in cells if (number := _number(cell)) is not None]
        are_notas = all(number == int(number) and 0 <= number <= MAX_NOTA for number in numbers)
        are_weights = not are_notas or 99 < sum(numbers) < 101
        if self._is_percentage(place) or (rank == WEAK and are_weights):
            self._columns.notes.append(
                _("“%(title)s” traz percentuais: não é a nota.")
                % {"title": self._table.title(place)}
            )
            return False
        return True

    def _is_percentage(self, place: int) -> bool:
        return "%" in self._table.header_title(place) or are_percentages(self._cells[place])

    def _find_operation(self) -> None:
        """Find the column that marks sales: by title and values, else by words such as venda."""
        self._find_role(Role.OPERACAO, self._is_operation)
        roles = self._columns.roles
        if Role.OPERACAO in roles:
            return
        for place in range(len(self._cells)):
            is_free = place not in roles.values()
            if is_free and self._is_operation(place) and self._has_words(place):
                roles[Role.OPERACAO] = place
                return

    def _is_operation(self, place: int, rank: int = WEAK + 1) -> bool:
        """Return whether there are sales; without a title, beside purchases and sales only.

        Letters may mean something else under a vague title, unless both C and V are there. A word
        that is neither is an error of its row: Bonificação.
        """
        sales = {word: is_sale_text(word) for word in self._words(place, rank)}
        kinds = set(sales.values())
        if rank < WEAK or not any(len(word) > 1 for word, sale in sales.items() if sale):
            return kinds == {True, False} or (rank < WEAK and True in kinds)
        return rank == WEAK or None not in kinds

    def _has_words(self, place: int) -> bool:
        # A column of C and V without a title may be anything.
        return all(len(word) > 1 for word in self._words(place))

    def _words(self, place: int, rank: int = WEAK + 1) -> set[str]:
        # Of all rows: the first sale may come late.
        texts = set(self._table.column(place))
        if rank > WEAK and len(texts) > MAX_OPERATIONS:
            return set()
        return {fold(str(text)) for text in texts} - {""}

    def _ask_about_cents(self) -> None:
        """Ask about short numbers after whole prices: they may be the cents of the price.

        In the column of the nota they have one or two digits, in another one exactly two.
        """
        roles = self._columns.roles
        price = roles.get(Role.PRECO_MEDIO, roles.get(Role.CUSTO_TOTAL))
        # Rows beyond the header are faults with their own reason.
        is_long = any(len(row) > self._table.width for _number, row in self._table.rows)
        if self._table.sheet.separator != COMMA or price is None or is_long:
            return
        after = price + 1
        role = self._columns.role_at(after)
        if after >= len(self._cells) or role not in (None, Role.NOTA):
            return
        pairs = [
            (whole, part)
            for whole, part in zip(self._cells[price], self._cells[after], strict=True)
            if str(whole).strip()
        ]
        cents = CENTS if role is None else SHORT
        if pairs and all(is_cut(whole, part, cents) for whole, part in pairs):
            roles.pop(Role.NOTA, None)
            text = _("é mesmo a nota, ou os centavos do preço? “30,10” sem aspas vira 30 e 10.")
            self._doubt(Role.NOTA, [after], text)


def _number(cell: Cell) -> Decimal | None:
    if isinstance(cell, Decimal):
        return cell
    return None if is_blank(cell) else parse_number(cell, separator=COMMA)
