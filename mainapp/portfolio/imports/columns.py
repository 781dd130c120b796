"""Roles of the columns of a table, by their titles and values and by what the user says."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
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
from mainapp.portfolio.imports.operations import is_sale
from mainapp.portfolio.imports.sheets import Cell
from mainapp.portfolio.imports.tables import Table
from mainapp.portfolio.imports.tickers import tickers_in
from mainapp.portfolio.imports.titles import EXACT, WEAK, Role, roles_of

SAMPLE_ROWS = 200
LIKELY_CODES = 2  # columns that may hold the codes
IGNORED = "ignorar"  # the user's choice for a column without a role
AMOUNTS = (Role.QUANTIDADE, Role.PRECO_MEDIO, Role.CUSTO_TOTAL, Role.NOTA)
MAX_NOTA = 10


# Whether the values of the column at a place suit a role for which its title has that rank.
Suits = Callable[[int, int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A question to the user about the columns at `places`, one of which may have the role."""

    role: Role
    places: tuple[int, ...]
    text: str


@dataclass(slots=True)
class Columns:
    """The places of the roles. The table is read if nothing is missing and there is no doubt.

    `ignored` are the columns that the user said not to use.
    """

    roles: dict[Role, int] = field(default_factory=dict)
    ignored: set[int] = field(default_factory=set)
    doubts: list[Doubt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[Role]:
        needed = [Role.ATIVO, Role.QUANTIDADE, Role.PRECO_MEDIO]
        if Role.CUSTO_TOTAL in self.roles:
            needed.remove(Role.PRECO_MEDIO)
        return [role for role in needed if role not in self.roles]

    @property
    def doubtful(self) -> set[int]:
        return {place for doubt in self.doubts for place in doubt.places}

    def role_at(self, place: int) -> Role | None:
        return next((role for role, each in self.roles.items() if each == place), None)


def find_columns(
    table: Table, known: Collection[str], chosen: Mapping[int, str] | None = None
) -> Columns:
    """Return the columns of a table; `known` are the symbols of the catalogue.

    `chosen` maps columns to roles or IGNORED, and wins.
    """
    columns = _Finder(table, known).find()
    return _choose(table, columns, chosen) if chosen else columns


def candidate_symbols(table: Table) -> set[str]:
    """Return the symbols in the first rows, and all in the columns that have the most of them."""
    columns = [table.column(place) for place in range(table.full_width)]
    symbols = [_symbols(cells[:SAMPLE_ROWS]) for cells in columns]
    places = sorted(range(len(columns)), key=lambda place: -len(symbols[place]))
    likely = (columns[place] for place in places[:LIKELY_CODES] if symbols[place])
    return set().union(*map(set, symbols), *map(_symbols, likely))


def _symbols(cells: Sequence[Cell]) -> list[str]:
    return [symbol for cell in cells if isinstance(cell, str) for symbol in tickers_in(cell)]


class _Finder:
    """The search for the columns of one table."""

    def __init__(self, table: Table, known: Collection[str]) -> None:
        self._table = table
        self._known = known
        self._found = Columns()
        width = table.width or table.full_width
        self._cells = [table.column(place)[:SAMPLE_ROWS] for place in range(width)]
        self._roles = [
            roles_of(table.head_title(place), table.group(place)) for place in range(width)
        ]

    def find(self) -> Columns:
        if (code := self._code()) is not None:
            self._found.roles[Role.ATIVO] = code
        self._find(Role.QUANTIDADE, self._is_amount)
        self._find_price()
        self._find(Role.NOTA, self._is_nota)
        self._find(Role.DATA, lambda _place, _rank: True)
        self._find(Role.MOEDA, lambda _place, _rank: True)
        self._find_operation()
        self._question_cents()
        return self._found

    def _code(self) -> int | None:
        """Return the column whose values are known stocks, else tickers, else that of the title.

        Of equal ones with different codes, such as Ticker antigo and Ticker novo, the user chooses.
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
            self._doubt(Role.ATIVO, places, _("há mais de uma coluna assim; diga qual vale."))
            return None
        return places[0]

    def _find(self, role: Role, is_suitable: Suits) -> None:
        _rank, places = self._best(role, is_suitable)
        if places:
            self._assign(role, places)

    def _find_price(self) -> None:
        """Find the preço médio, else the total cost. Preço alone may be today's price: ask."""
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
            if role in roles and place not in self._found.roles.values()
        ]
        suitable = [(rank, place) for rank, place in ranked if is_suitable(place, rank)]
        best = min(suitable, default=(WEAK, 0))[0]
        return best, [place for rank, place in suitable if rank == best]

    def _assign(self, role: Role, places: Sequence[int]) -> None:
        """Give the role to the first column if the others say the same; else ask."""
        if role in (Role.DATA, Role.OPERACAO, Role.MOEDA) or self._are_equal(places):
            self._found.roles[role] = places[0]
        else:
            self._doubt(role, places, _("há mais de uma coluna assim; diga qual vale."))

    def _are_equal(self, places: Sequence[int]) -> bool:
        first, *others = places
        return all(self._table.column(place) == self._table.column(first) for place in others)

    def _doubt(self, role: Role, places: Sequence[int], text: str) -> None:
        self._found.doubts.append(Doubt(role=role, places=tuple(places), text=text))

    def _is_amount(self, place: int, rank: int) -> bool:
        if self._is_percentage(place):
            self._found.notes.append(
                _("“%(title)s” tem percentuais: não é uma quantidade nem um preço.")
                % {"title": self._table.title(place)}
            )
            return False
        filled = [cell for cell in self._cells[place] if isinstance(cell, Decimal) or cell.strip()]
        return rank == EXACT or not filled or is_mostly_numbers(filled)

    def _is_nota(self, place: int, rank: int) -> bool:
        """Return whether these are notas, and no shares of the portfolio, which add up to 100."""
        cells = self._cells[place]
        numbers = [number for cell in cells if (number := _number(cell)) is not None]
        are_notas = all(number == int(number) and 0 <= number <= MAX_NOTA for number in numbers)
        is_share = not are_notas or 99 < sum(numbers) < 101
        if self._is_percentage(place) or (rank == WEAK and is_share):
            self._found.notes.append(
                _("“%(title)s” traz percentuais: não é a nota.")
                % {"title": self._table.title(place)}
            )
            return False
        return True

    def _is_percentage(self, place: int) -> bool:
        return "%" in self._table.head_title(place) or are_percentages(self._cells[place])

    def _find_operation(self) -> None:
        """Find the column that marks sales: by title and values, else by words such as venda."""
        self._find(Role.OPERACAO, self._is_operation)
        taken = self._found.roles.values()
        places = [place for place in range(len(self._cells)) if place not in taken]
        told = [place for place in places if self._is_operation(place) and self._has_words(place)]
        if told and Role.OPERACAO not in self._found.roles:
            self._found.roles[Role.OPERACAO] = told[0]

    def _is_operation(self, place: int, rank: int = WEAK + 1) -> bool:
        """Return whether there are sales; without a title, beside purchases and sales only.

        Letters may mean something else under a vague title, unless both C and V are there. A word
        that is neither is an error of its row: Bonificação.
        """
        sales = {word: is_sale(word) for word in self._words(place)}
        kinds = set(sales.values())
        if rank < WEAK or not any(len(word) > 1 for word, sale in sales.items() if sale):
            return kinds == {True, False} or (rank < WEAK and True in kinds)
        return rank == WEAK or None not in kinds

    def _has_words(self, place: int) -> bool:
        return all(len(word) > 1 for word in self._words(place))

    def _words(self, place: int) -> set[str]:
        # Of all rows: the first sale may come late.
        return {fold(text) for text in set(map(str, self._table.column(place)))} - {""}

    def _question_cents(self) -> None:
        """Ask about short numbers after whole prices: 30,10 may have been cut in two.

        In the column of the nota all of them may be notas; in another one they have two digits.
        """
        roles = self._found.roles
        price = roles.get(Role.PRECO_MEDIO, roles.get(Role.CUSTO_TOTAL))
        is_long = any(len(row) > self._table.width for _number, row in self._table.rows)
        if self._table.sheet.separator != COMMA or price is None or is_long:
            return
        after = price + 1
        role = self._found.role_at(after)
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


def _choose(table: Table, columns: Columns, chosen: Mapping[int, str]) -> Columns:
    """Return the columns with the roles that the user chose."""
    wanted = {place: columns.role_at(place) for place in range(table.full_width)}
    roles = {role.value: role for role in Role}
    wanted |= {place: roles.get(name) for place, name in chosen.items() if place in wanted}
    places: dict[Role, list[int]] = {}
    for place, role in wanted.items():
        if role:
            places.setdefault(role, []).append(place)
    decided = {place for place, name in chosen.items() if name}
    doubts = [
        doubt
        for doubt in columns.doubts
        if doubt.role not in places and not decided.issuperset(doubt.places)
    ]
    twice = _("foi escolhido em mais de uma coluna.")
    doubts += [
        Doubt(role=role, places=tuple(each), text=twice)
        for role, each in places.items()
        if len(each) > 1
    ]
    return Columns(
        roles={role: each[0] for role, each in places.items() if len(each) == 1},
        ignored={place for place, name in chosen.items() if name == IGNORED},
        doubts=doubts,
        notes=columns.notes,
    )
