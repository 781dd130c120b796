"""Admins' corrections of rows of the project's data."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from mainapp.market.models import CorporateEvent, IndexList, LoadedData, Stock
from mainapp.market.services.catalogue.seeding import search_text

Row = Stock | IndexList | CorporateEvent


def mark_corrected(row: Row, *, fields: Collection[str]) -> None:
    """Mark a row, without saving it, so that loading the data does not overwrite these fields.

    A list or an event is protected as a whole. New rows are not corrections.
    """
    if isinstance(row, Stock):
        row.search_text = search_text(row.symbol, row.name)
        if row.pk:
            row.corrected_fields = sorted({*row.corrected_fields, *fields})
    elif row.pk and fields:
        row.is_corrected = True


@transaction.atomic
def drop_corrections(*, rows: QuerySet[Any]) -> None:
    """Forget the corrections of stocks, lists or events; the next loading restores the data."""
    values: dict[str, Any] = (
        {"corrected_fields": []} if rows.model is Stock else {"is_corrected": False}
    )
    rows.update(**values)
    # Otherwise the next loading would find the data unchanged and skip it.
    LoadedData.objects.all().delete()


@transaction.atomic
def follow_renames(*, stock: Stock) -> None:
    """Point the former codes of a renamed stock to its new code."""
    if new := stock.renamed_to:
        stock.former_symbols.exclude(pk=new.pk).update(renamed_to=new)
