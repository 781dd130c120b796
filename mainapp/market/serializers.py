"""Export of tracked stocks as CSV."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mainapp.core.numbers import format_number
from mainapp.core.spreadsheets import csv_writer, escape_formula
from mainapp.market.quotes import Quote
from mainapp.market.selectors.tracking import TrackedStock
from mainapp.market.sessions import SAO_PAULO


def write_tracked(rows: Iterable[TrackedStock]) -> bytes:
    """Return stocks and their last quotes; each line has the date, time and source of its price.

    Semicolons and decimal commas in every language, like all exports.
    """
    file = io.StringIO()
    writer = csv_writer(file)
    writer.writerow(_titles())
    for row in rows:
        writer.writerow([_text(escape_formula(cell)) for cell in _cells(row)])
    return file.getvalue().encode()


def _titles() -> list[str]:
    return [
        _("Ativo"),
        _("Nome"),
        _("Preço"),
        _("Variação em R$"),
        _("Variação %"),
        _("Abertura"),
        _("Mínima do dia"),
        _("Máxima do dia"),
        _("Fechamento anterior"),
        _("Volume em ações"),
        _("Volume em R$ (ações vezes o último preço)"),
        _("Mínima de 52 semanas"),
        _("Máxima de 52 semanas"),
        _("Valor de mercado"),
        _("Data do preço"),
        _("Hora do preço (São Paulo)"),
        _("A hora é estimada"),
        _("Atraso em segundos"),
        _("Fonte"),
    ]


def _cells(row: TrackedStock) -> Iterator[Any]:
    yield row.symbol
    yield row.name
    if (quote := row.quote) is None:
        return
    yield from (quote.price, quote.change, quote.change_pct)
    yield from (quote.open, quote.low, quote.high, quote.previous_close)
    yield from (quote.volume, row.turnover, quote.year_low, quote.year_high, quote.market_cap)
    yield from _origin(quote)


def _origin(quote: Quote) -> Iterator[Any]:
    moment: datetime | None = quote.quoted_at and quote.quoted_at.astimezone(SAO_PAULO)
    yield moment and f"{moment:%Y-%m-%d}"
    yield moment and f"{moment:%H:%M:%S}"
    yield _("sim") if quote.quoted_at_estimated else _("não")
    yield quote.delay_s
    yield _("simulador") if quote.simulated else quote.source


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return format_number(cell, separator=",") if isinstance(cell, Decimal) else str(cell)
