"""The holdings of a whole file, and the rows that are not imported."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop as _

from mainapp.portfolio.imports.lots import Fault, Lot
from mainapp.portfolio.imports.merging import Conversion, Merged, convert, merge
from mainapp.portfolio.imports.reading import ReadTable
from mainapp.portfolio.imports.sheets import Reason

PARTIAL = _("Outra linha deste ativo tem um erro: a soma sairia errada.")


@dataclass(slots=True)
class Outcome:
    """The result of reading a file: holdings in today's symbols, and rows that are not imported.

    `partial` are the stocks with a row that cannot be read: a holding of the others would be wrong.
    """

    holdings: list[Merged] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    partial: set[str] = field(default_factory=set)


def combine(
    tables: Sequence[ReadTable],
    conversions: Mapping[str, Conversion],
    refusals: Mapping[str, Reason],
) -> Outcome:
    """Return the outcome; `refusals` maps today's symbols that cannot be held to the reason."""
    outcome = Outcome()
    lots = list(_converted(tables, conversions, outcome))
    unread = {today(fault.symbol, conversions) for fault in outcome.faults}
    for merged in merge(lots):
        reason = refusals.get(merged.symbol) or merged.reason
        if not reason and merged.symbol in unread:
            outcome.partial.add(merged.symbol)
            reason = Reason(PARTIAL)
        if reason:
            outcome.faults += [_fault(lot, reason) for lot in merged.lots]
        else:
            outcome.holdings.append(merged)
    order = {table.table.sheet.name: table.table.key for table in reversed(tables)}
    outcome.faults.sort(key=lambda fault: (order[fault.sheet], fault.number))
    return outcome


def _converted(
    tables: Iterable[ReadTable], conversions: Mapping[str, Conversion], outcome: Outcome
) -> Iterator[Lot]:
    """Yield the lots in today's symbols, and add all other rows to the faults of `outcome`."""
    for table in tables:
        outcome.faults += table.rows.faults
        for lot in table.rows.lots:
            converted = convert(lot, conversions.get(lot.symbol))
            if isinstance(converted, Lot):
                yield converted
            else:
                outcome.faults.append(_fault(lot, converted))


def today(symbol: str, conversions: Mapping[str, Conversion]) -> str:
    """Return today's code of a symbol; the symbol itself if it has no successor."""
    conversion = conversions.get(symbol)
    return conversion.symbol if conversion and conversion.symbol else symbol


def _fault(lot: Lot, reason: Reason | str) -> Fault:
    return Fault(
        sheet=lot.sheet,
        number=lot.number,
        text=lot.symbol,
        symbol=lot.symbol,
        reasons=(reason,),
    )
