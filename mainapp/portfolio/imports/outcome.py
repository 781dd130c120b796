"""The holdings of a whole file, and what is left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop as _

from mainapp.portfolio.imports.lots import Fault, Lot
from mainapp.portfolio.imports.merging import Became, Merged, convert, merge
from mainapp.portfolio.imports.reading import ReadTable
from mainapp.portfolio.imports.sheets import Reason

PARTIAL = _("Outra linha deste ativo não se deixa ler: a soma sairia errada.")


@dataclass(slots=True)
class Outcome:
    """What a file becomes: holdings in today's symbols, and rows that are not imported.

    `partial` are stocks of which another row cannot be read: a holding without it would be wrong.
    """

    holdings: list[Merged] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    partial: set[str] = field(default_factory=set)


def combine(
    tables: Sequence[ReadTable], successions: Mapping[str, Became], refusals: Mapping[str, Reason]
) -> Outcome:
    """Return the outcome; `refusals` gives the reasons why symbols, of today, cannot be held."""
    outcome = Outcome()
    lots = list(_converted(tables, successions, outcome))
    unread = {today(fault.symbol, successions) for fault in outcome.faults}
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
    tables: Iterable[ReadTable], successions: Mapping[str, Became], outcome: Outcome
) -> Iterator[Lot]:
    """Yield the lots in today's symbols, and add all other rows to the faults of `outcome`."""
    for table in tables:
        outcome.faults += table.rows.faults
        for lot in table.rows.lots:
            converted = convert(lot, successions.get(lot.symbol))
            if isinstance(converted, Lot):
                yield converted
            else:
                outcome.faults.append(_fault(lot, converted))


def today(symbol: str, successions: Mapping[str, Became]) -> str:
    """Return what the symbol became; itself if it still trades or only ended."""
    became = successions.get(symbol)
    return became.symbol if became and became.symbol else symbol


def _fault(lot: Lot, reason: Reason | str) -> Fault:
    return Fault(
        sheet=lot.sheet,
        number=lot.number,
        text=lot.symbol,
        symbol=lot.symbol,
        reasons=(reason,),
    )
