"""Export of audit entries as CSV, for the admin and for the audit's page."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from mainapp.core.models.audit import AuditEntry
from mainapp.core.spreadsheets import streamed_csv

COLUMNS = (
    *("id", "at", "actor_id", "way", "program", "action", "model", "key", "fields", "changes"),
    "seal_number",
)
CHUNK = 2000


def csv_lines(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """Yield the lines of a CSV file; the rows are read in chunks."""
    rows = entries.values_list(*COLUMNS).iterator(CHUNK)
    yield from streamed_csv(COLUMNS, ([_cell(value) for value in row] for row in rows))


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
