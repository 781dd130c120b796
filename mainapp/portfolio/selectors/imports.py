"""Comparison of an imported file with the user's portfolio, for the preview."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mainapp.accounts.models import User
from mainapp.market.models import Stock
from mainapp.market.selectors.successions import describe, get_successions
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.portfolio.imports.columns import candidate_symbols
from mainapp.portfolio.imports.merging import Conversion, Merged
from mainapp.portfolio.imports.naming import Names, names_in
from mainapp.portfolio.imports.outcome import Outcome, combine, today
from mainapp.portfolio.imports.reading import (
    Choices,
    ReadTable,
    Unread,
    read_tables,
    split_tables,
)
from mainapp.portfolio.imports.sheets import Reason, Sheet
from mainapp.portfolio.selectors.holdings import holdings_of
from mainapp.portfolio.templatetags.carteira import exact
from mainapp.portfolio.valuation import Holding, add, times

UNKNOWN = gettext_noop("Não conhecemos o ativo “%(text)s”.")
INDEX = gettext_noop("%(text)s é um índice: não se compra nem se guarda na carteira.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A holding of the file, and the user's own of that stock, if any.

    `former` are the user's holdings under former codes of the stock: the change replaces them.
    """

    stock: Stock
    merged: Merged
    held: Holding | None
    former: tuple[Holding, ...]

    @property
    def nota(self) -> int:
        if self.merged.nota is not None:
            return self.merged.nota
        return self.held.nota if self.held else max((each.nota for each in self.former), default=0)

    @property
    def price(self) -> Decimal:
        return self.merged.price if self.merged.quantity else Decimal(0)

    @property
    def is_same(self) -> bool:
        return self.held is not None and (
            (self.held.quantidade, self.held.preco_medio, self.held.nota)
            == (self.merged.quantity, self.price, self.nota)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The number of stocks held and what they cost, in R$."""

    count: int
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file compared with a portfolio.

    `unknown_ratios` are the former codes whose ratio the user must enter. `protected` holdings are
    never deleted: the file names them in rows or sheets that are not imported. `unnamed` are those
    that it does not name.
    """

    tables: Sequence[ReadTable]
    unread: Sequence[Unread]
    unknown_ratios: Mapping[str, Conversion]
    outcome: Outcome
    changes: Sequence[Change]
    protected: Sequence[Holding]
    unnamed: Sequence[Holding]
    before: Total
    after_update: Total
    after_replacement: Total

    @property
    def has_question(self) -> bool:
        return any(table.has_question for table in self.tables)

    @property
    def replaced(self) -> list[Holding]:
        """The holdings under former codes, which the file replaces by today's."""
        return [holding for change in self.changes for holding in change.former]


def read_import(sheets: Iterable[Sheet], user: User, choices: Choices | None = None) -> Import:
    """Read the sheets of a file and compare them with the portfolio of `user`.

    Cost: seven queries at most, whatever the file. Raises: UnreadableFile without a table.
    """
    choices = choices or Choices()
    tables, unread = split_tables(sheets)
    # A file may name 200,000 symbols: no query may depend on them.
    catalogue = set(Stock.objects.values_list("symbol", flat=True))
    named = set().union(*map(candidate_symbols, tables))
    read = read_tables(tables, catalogue & named, choices)
    lots = {lot.symbol for table in read for lot in table.rows.lots}
    held = holdings_of(user)
    owned = {holding.symbol for holding in held}
    names = names_in(read, unread, catalogue) if held else Names()
    known = _conversions(lots | names.symbols | owned)
    conversions = {
        code: _with_typed_ratio(code, each, choices.ratios) for code, each in known.items()
    }
    symbols = lots | _successors(conversions)
    stocks = stocks_named(symbols)
    outcome = combine(read, conversions, _refusals(symbols, stocks))
    changes = _changes(outcome.holdings, held, stocks)
    others = _untouched(held, changes)
    changed = {change.stock.symbol for change in changes}
    protected = _named_in(others, names, conversions, changed)
    imported = [_cost(change.merged.quantity, change.price) for change in changes]
    return Import(
        tables=read,
        unread=unread,
        unknown_ratios={
            code: each for code, each in known.items() if code in lots and each.is_ratio_unknown
        },
        outcome=outcome,
        changes=changes,
        protected=protected,
        unnamed=[holding for holding in others if holding not in protected],
        before=_total(held, []),
        after_update=_total(others, imported),
        after_replacement=_total(protected, imported),
    )


def _conversions(symbols: Collection[str]) -> dict[str, Conversion]:
    return {
        code: Conversion(symbol=each.last, ratio=each.ratio, note=describe(code, each))
        for code, each in get_successions(symbols).items()
    }


def _with_typed_ratio(
    code: str, conversion: Conversion, ratios: Mapping[str, Decimal]
) -> Conversion:
    """Return the conversion, with the user's ratio if the catalogue knows none."""
    if code not in ratios or not conversion.is_ratio_unknown:
        return conversion
    values = {"old": code, "ratio": exact(ratios[code]), "new": conversion.symbol}
    sentence = _("Você informou: 1 %(old)s = %(ratio)s %(new)s.") % values
    return replace(conversion, ratio=ratios[code], note=f"{conversion.note} {sentence}")


def _successors(conversions: Mapping[str, Conversion]) -> set[str]:
    return {each.symbol for each in conversions.values() if each.symbol}


def _refusals(symbols: Iterable[str], stocks: Mapping[str, Stock]) -> dict[str, Reason]:
    """Return the symbols that cannot be held, unknown ones and indices, with the reason."""
    refusals = {}
    for symbol in symbols:
        stock = stocks.get(symbol)
        if stock is None:
            refusals[symbol] = Reason(UNKNOWN, {"text": symbol})
        elif stock.kind == Stock.Kind.INDEX:
            refusals[symbol] = Reason(INDEX, {"text": symbol})
    return refusals


def _untouched(held: Iterable[Holding], changes: Iterable[Change]) -> list[Holding]:
    """Return the holdings that the file neither updates nor replaces."""
    touched = {
        symbol
        for change in changes
        for symbol in (change.stock.symbol, *(holding.symbol for holding in change.former))
    }
    return [holding for holding in held if holding.symbol not in touched]


def _named_in(
    holdings: Iterable[Holding],
    names: Names,
    conversions: Mapping[str, Conversion],
    changed: set[str],
) -> list[Holding]:
    """Return the holdings that the file names by any of their codes or by the company's name.

    A holding under a former code whose successor is imported is replaced, unless the file names it.
    """
    todays = {today(symbol, conversions) for symbol in names.symbols} - changed
    identified = _identified(names)
    return [
        holding
        for holding in holdings
        if names.has(holding.symbol, holding.name)
        or holding.symbol in identified
        or today(holding.symbol, conversions) in todays
    ]


def _identified(names: Names) -> set[str]:
    """Return the symbols of the stocks with these ISINs or CNPJs. At most one query."""
    if not (names.isins or names.cnpjs):
        return set()
    is_named = Q(isin__in=names.isins) | Q(cnpj__in=names.cnpjs)
    return set(Stock.objects.filter(is_named).values_list("symbol", flat=True))


def _changes(
    merged: Iterable[Merged], held: Iterable[Holding], stocks: Mapping[str, Stock]
) -> list[Change]:
    by_symbol = {holding.symbol: holding for holding in held}
    changes = []
    for each in merged:
        stock = stocks[each.symbol]
        former = {lot.origin for lot in each.lots} - {stock.symbol}
        changes.append(
            Change(
                stock=stock,
                merged=each,
                held=by_symbol.get(stock.symbol),
                former=tuple(by_symbol[symbol] for symbol in former if symbol in by_symbol),
            )
        )
    return changes


def _total(holdings: Sequence[Holding], imported: Sequence[Decimal]) -> Total:
    costs = [_cost(holding.quantidade, holding.preco_medio) for holding in holdings]
    return Total(count=len(costs) + len(imported), cost=add([*costs, *imported]))


def _cost(quantity: Decimal, price: Decimal) -> Decimal:
    return times(price, quantity)
