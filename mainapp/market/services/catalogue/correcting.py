"""Admins' corrections of rows of the project's data."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from mainapp.market.models import CorporateEvent, IndexList, LoadedData, Stock
from mainapp.market.services.catalogue.seeding import search_text

Row = Stock | IndexList | CorporateEvent


def mark_corrected(row: Row, *, fields: Collection[str]) -> None:
    """Note on a row, without saving it, that the data must not overwrite these fields again.

    A list or an event is kept as a whole; new rows are no corrections.
    """
    if isinstance(row, Stock):
        row.search_text = search_text(row.symbol, row.name)
        if row.pk:
            row.corrected_fields = sorted({*row.corrected_fields, *fields})
    elif row.pk and fields:
        row.is_corrected = True


@transaction.atomic
def drop_corrections(
    *, rows: QuerySet[Stock] | QuerySet[IndexList] | QuerySet[CorporateEvent]
) -> None:
    """Forget the corrections of rows; the next loading of the data restores them."""
    if rows.model is Stock:
        rows.update(corrected_fields=[])
    else:
        rows.update(is_corrected=False)
    LoadedData.objects.all().delete()


@transaction.atomic
def follow_renames(*, stock: Stock) -> None:
    """Point the former codes of a stock that has a new code itself to that new code."""
    if stock.renamed_to:
        stock.former_symbols.exclude(pk=stock.renamed_to_id).update(renamed_to=stock.renamed_to)
