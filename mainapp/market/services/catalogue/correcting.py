"""Admins' corrections of rows of the project's data."""

from collections.abc import Collection
from typing import Any

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
def drop_corrections(*, rows: QuerySet[Any]) -> None:
    """Forget the corrections of stocks, lists or events; the next loading restores the data."""
    nothing: dict[str, Any] = {"corrected_fields": []}
    rows.update(**(nothing if rows.model is Stock else {"is_corrected": False}))
    LoadedData.objects.all().delete()


@transaction.atomic
def follow_renames(*, stock: Stock) -> None:
    """Point the former codes of a stock that has a new code itself to that new code."""
    if new := stock.renamed_to:
        stock.former_symbols.exclude(pk=new.pk).update(renamed_to=new)
