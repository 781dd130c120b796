"""Create, change and delete the rows of portfolios.

Every edit first locks the owner's row, so that concurrent edits of one portfolio run in turn.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.market.models import Stock
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.policies import MAX_ROWS
from mainapp.portfolio.valuation import Position, SoldMoreThanHeld, after_buy, after_sale

LARGEST = Decimal("9999999999.99999999")


class AlreadyHeld(DomainError):
    """The stock already has a row, with the key `row_pk`."""

    def __init__(self, symbol: str, row_pk: int) -> None:
        super().__init__("invalid", _("%(symbol)s já está na sua carteira."), {"symbol": symbol})
        self.row_pk = row_pk


class TooManyRows(DomainError):
    """A portfolio would hold more than MAX_ROWS stocks."""


class RowGone(DomainError):
    """The row was deleted in the meantime."""

    def __init__(self) -> None:
        super().__init__("invalid", _("Este ativo não está mais na sua carteira."))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """A row to write. Without a `nota` an existing row keeps its own and a new one gets 0."""

    stock: Stock
    preco_medio: Decimal
    quantidade: Decimal
    nota: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    created: int
    updated: int
    deleted: int


def create_row(
    *, owner: User, ativo: Stock, preco_medio: Decimal, quantidade: Decimal, nota: int
) -> Carteira:
    """Create the row of a stock. Raises: AlreadyHeld, TooManyRows."""
    with transaction.atomic():
        _lock(owner)
        held = Carteira.objects.filter(owner=owner)
        if existing := held.filter(ativo=ativo).first():
            raise AlreadyHeld(ativo.symbol, existing.pk)
        _check_room(held.count() + 1)
        return Carteira.objects.create(
            owner=owner, ativo=ativo, preco_medio=preco_medio, quantidade=quantidade, nota=nota
        )


def update_row(*, row: Carteira, preco_medio: Decimal, quantidade: Decimal, nota: int) -> None:
    """Overwrite a row; with a quantity of 0 the preço médio becomes 0 too.

    Raises: RowGone.
    """
    updated = Carteira.objects.filter(pk=row.pk).update(
        preco_medio=preco_medio if quantidade else Decimal(0), quantidade=quantidade, nota=nota
    )
    if not updated:
        raise RowGone


def delete_row(*, row: Carteira) -> None:
    """Delete a row. Safe to repeat."""
    Carteira.objects.filter(pk=row.pk).delete()


def record_buy(*, row: Carteira, quantity: Decimal, price: Decimal, costs: Decimal) -> None:
    """Add a purchase to a row (`after_buy`). Raises: DomainError if it is gone or too large."""
    with transaction.atomic():
        position = _locked_position(row)
        _write(row, after_buy(position, quantity=quantity, price=price, costs=costs))


def record_sale(*, row: Carteira, quantity: Decimal) -> None:
    """Subtract a sale from a row (`after_sale`). Raises: DomainError if it is gone or too small."""
    with transaction.atomic():
        position = _locked_position(row)
        try:
            _write(row, after_sale(position, quantity=quantity))
        except SoldMoreThanHeld:
            raise DomainError("invalid", _("Você não tem tanto para vender.")) from None


def import_rows(*, owner: User, rows: Sequence[NewRow], deleted: Collection[str] = ()) -> Imported:
    """Write the rows of a file, at most one per stock, all or none.

    Rows of stocks in the file are overwritten. Rows of the symbols in `deleted` that are not in the
    file are deleted. All others stay. Safe to repeat. Writes in batches. Raises: TooManyRows.
    """
    with transaction.atomic():
        _lock(owner)
        saved = Carteira.objects.filter(owner=owner).select_related("ativo")
        held = {row.ativo_id: row for row in saved}
        named = {new.stock.pk for new in rows}
        gone = [
            row.pk
            for stock, row in held.items()
            if stock not in named and row.ativo.symbol in deleted
        ]
        _check_room(len(held.keys() | named) - len(gone))
        Carteira.objects.filter(pk__in=gone).delete()
        made = [_merged(owner, held.get(new.stock.pk), new) for new in rows]
        created = Carteira.objects.bulk_create(row for row in made if row.pk is None)
        updated = [row for row in made if row.ativo_id in held]
        Carteira.objects.bulk_update(updated, ["preco_medio", "quantidade", "nota"])
    return Imported(created=len(created), updated=len(updated), deleted=len(gone))


def _merged(owner: User, row: Carteira | None, new: NewRow) -> Carteira:
    row = row or Carteira(owner=owner, ativo=new.stock, nota=0)
    row.preco_medio = new.preco_medio if new.quantidade else Decimal(0)
    row.quantidade = new.quantidade
    row.nota = row.nota if new.nota is None else new.nota
    return row


def _lock(owner: User) -> None:
    """Make other edits of `owner`'s portfolio wait (SQLite always locks the whole database)."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=owner.pk)


def _locked_position(row: Carteira) -> Position:
    _lock(row.owner)
    current = Carteira.objects.filter(pk=row.pk).first()
    if current is None:
        raise RowGone
    return Position(preco_medio=current.preco_medio, quantidade=current.quantidade)


def _write(row: Carteira, position: Position) -> None:
    if max(position.preco_medio, position.quantidade) > LARGEST:
        raise DomainError("invalid", _("O resultado não cabe: o limite é 9.999.999.999."))
    Carteira.objects.filter(pk=row.pk).update(
        preco_medio=position.preco_medio, quantidade=position.quantidade
    )


def _check_room(size: int) -> None:
    if size > MAX_ROWS:
        raise TooManyRows(
            "too_long", _("Uma carteira guarda até %(limit)s ativos."), {"limit": MAX_ROWS}
        )
