"""Lots of one stock as one holding, in today's symbol."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from mainapp.portfolio.imports.lots import Lot
from mainapp.portfolio.templatetags.carteira import exact
from mainapp.portfolio.valuation import EXACT, PRICE_STEP

LARGEST = Decimal("9999999999.99999999")
MAX_LOTS_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The conversion of a code that no longer trades to today's, and a sentence about it.

    `symbol` is the newest successor, None if there is none. `ratio` is the number of its stocks for
    one old stock, None if it is not known.
    """

    symbol: str | None
    ratio: Decimal | None
    note: str

    @property
    def is_ratio_unknown(self) -> bool:
        return self.symbol is not None and self.ratio is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The lots of one stock as one holding; `notes` explain how they were merged.

    A holding with a `reason` cannot be imported.
    """

    symbol: str
    quantity: Decimal
    price: Decimal
    nota: int | None
    lots: tuple[Lot, ...]
    notes: tuple[str, ...] = ()
    reason: str = ""


def convert(lot: Lot, conversion: Conversion | None) -> Lot | str:
    """Return the lot in today's symbol, or the reason why it cannot be converted."""
    if conversion is None:
        return lot
    notes = (*lot.notes, conversion.note)
    if conversion.symbol is None:
        return replace(lot, notes=notes)
    if conversion.ratio is None:
        hint = _("Informe a proporção acima ou use %(symbol)s com os valores de hoje.")
        return f"{conversion.note} {hint % {'symbol': conversion.symbol}}"
    return replace(
        lot,
        symbol=conversion.symbol,
        quantity=lot.quantity * Fraction(conversion.ratio),
        price=lot.price / Fraction(conversion.ratio),
        notes=notes,
    )


def merge(lots: Iterable[Lot]) -> list[Merged]:
    """Return one holding per symbol, in the order of the first lots."""
    grouped: dict[str, list[Lot]] = defaultdict(list)
    for lot in lots:
        grouped[lot.symbol].append(lot)
    return [_merged(symbol, each) for symbol, each in grouped.items()]


def _merged(symbol: str, lots: Sequence[Lot]) -> Merged:
    quantity, cost = _position(lots)
    price = cost / quantity if quantity > 0 else Fraction(0)
    notes = list(dict.fromkeys(note for lot in lots for note in lot.notes))
    rounded = _rounded(quantity), _rounded(price)
    if len(lots) > 1:
        notes.append(_lots_note(lots))
    if len({lot.sheet for lot in lots}) > 1:
        notes.append(_sheets_note(lots))
    if rounded[0] != quantity:
        notes.append(_rounded_note(_("quantidade"), quantity, rounded[0]))
    if rounded[1] != price:
        notes.append(_rounded_note(_("preço médio"), price, rounded[1]))
    notas = {lot.nota for lot in lots if lot.nota is not None}
    if len(notas) > 1:
        text = ", ".join(map(str, sorted(notas)))
        notes.append(_("notas diferentes (%(notas)s): nenhuma foi usada") % {"notas": text})
    return Merged(
        symbol=symbol,
        quantity=rounded[0],
        price=rounded[1],
        nota=notas.pop() if len(notas) == 1 else None,
        lots=tuple(lots),
        notes=tuple(notes),
        reason=_reason(quantity, price),
    )


def _position(lots: Sequence[Lot]) -> tuple[Fraction, Fraction]:
    """Return quantity and cost after all lots, by date if all have one, else purchases first.

    A sale reduces the cost in proportion, so the average price stays; after everything is sold,
    the average starts again. Dates by which more is sold than held are not used.
    """
    purchases_first = sorted(lots, key=lambda lot: lot.quantity < 0)
    if all(lot.on for lot in lots):
        by_date = sorted(purchases_first, key=lambda lot: lot.on)  # type: ignore[arg-type, return-value] # all are dated
        quantity, cost, is_short = _run(by_date)
        if not is_short:
            return quantity, cost
    quantity, cost, _is_short = _run(purchases_first)
    return quantity, cost


def _run(lots: Sequence[Lot]) -> tuple[Fraction, Fraction, bool]:
    """Return quantity and cost, and whether more than the quantity held was sold at some point."""
    quantity, cost, is_short = Fraction(0), Fraction(0), False
    for lot in lots:
        held = quantity + lot.quantity
        if lot.quantity >= 0:
            cost += lot.quantity * lot.price
        else:
            cost = cost * held / quantity if held > 0 else Fraction(0)
        quantity, is_short = held, is_short or held < 0
    return quantity, cost, is_short


def _rounded(value: Fraction, step: Decimal = PRICE_STEP) -> Decimal:
    """Round half away from zero."""
    return _decimal(value).quantize(step, context=EXACT)


def _decimal(value: Fraction) -> Decimal:
    return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _reason(quantity: Fraction, price: Fraction) -> str:
    if quantity < 0:
        return _("As linhas vendem mais do que compram.")
    if max(quantity, price) > LARGEST:
        return _("O resultado não cabe: o limite é 9.999.999.999.")
    return ""


def _are_repeated(lots: Sequence[Lot]) -> bool:
    """Return whether two sheets have the same numbers for the stock."""
    sheets = {lot.sheet for lot in lots}
    totals = {
        tuple(sorted((lot.quantity, lot.price) for lot in lots if lot.sheet == sheet))
        for sheet in sheets
    }
    return len(totals) < len(sheets)


def _sheets_note(lots: Sequence[Lot]) -> str:
    if _are_repeated(lots):
        return _("os mesmos números em mais de uma aba: se são a mesma posição, leia uma aba só")
    return _("somado de mais de uma aba: se uma é a posição de outro dia, leia uma aba só")


def _lots_note(lots: Sequence[Lot]) -> str:
    parts = " + ".join(map(_lot_text, lots[:MAX_LOTS_SHOWN]))
    if len(lots) > MAX_LOTS_SHOWN:
        parts += " + …"
    return _("%(count)s linhas somadas: %(parts)s") % {"count": len(lots), "parts": parts}


def _lot_text(lot: Lot) -> str:
    if lot.quantity < 0:
        return _("venda de %(quantity)s") % {"quantity": _short(-lot.quantity)}
    params = {"quantity": _short(lot.quantity), "price": _short(lot.price)}
    return _("%(quantity)s a %(price)s") % params


def _rounded_note(name: str, value: Fraction, rounded: Decimal) -> str:
    return _("%(name)s arredondado de %(value)s para %(rounded)s") % {
        "name": name,
        "value": _short(value, places=12),
        "rounded": exact(rounded),
    }


def _short(value: Fraction, places: int = 8) -> str:
    """Return the number to `places`, with an ellipsis if it has more."""
    rounded = _rounded(value, Decimal(1).scaleb(-places))
    text = exact(rounded)
    return text if Fraction(rounded) == value else f"{text}…"
