"""Audit entries, filtered and paged, with the people they name."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.core.paginator import Page
from django.db.models import QuerySet

from mainapp.accounts.models import User
from mainapp.core.models import AuditDetail, AuditEntry
from mainapp.core.pages import page_of
from mainapp.operations.rendering import ShownEntry, people_in, shown_entry
from mainapp.operations.selectors.chain import chain_state

PAGE_SIZE = 50
# Pages go back this far: counting a million rows would need a scan. A period reaches older entries.
LISTED = 5000
STATE_KEY, STATE_S = "audit-chain", 5


def audit_entries(
    *,
    person_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **equal: str,
) -> QuerySet[AuditEntry]:
    """Return entries, newest first; `equal` may have way, action, model and key."""
    entries = AuditEntry.objects.filter(**equal)
    for name, value in (("actor_id", person_id), ("at__gte", since), ("at__lt", until)):
        if value is not None:
            entries = entries.filter(**{name: value})
    return entries.order_by("-at", "-pk")


def audit_page(entries: QuerySet[AuditEntry], number: str) -> "Page[Any]":
    """Return a page of the newest LISTED entries, ready for display. Four queries."""
    page = page_of(entries[:LISTED], number, size=PAGE_SIZE)
    rows = list(page.object_list)
    details = _details_of(rows)
    people = _people(people_in(rows))
    shown: list[ShownEntry] = [shown_entry(row, people, details.get(row.pk, {})) for row in rows]
    page.object_list = shown
    return page


def cached_chain_state() -> dict[str, Any]:
    """Return the state of the chain, at most STATE_S old."""
    state: Any = cache.get_or_set(STATE_KEY, _state, STATE_S)
    times = {name: datetime.fromisoformat(state[name]) for name in TIMES if state[name]}
    return {**state, **times}


TIMES = ("sealed_at", "oldest_unsealed_at")


def _state() -> dict[str, Any]:
    state = chain_state()._asdict()
    return state | {name: state[name].isoformat() for name in TIMES if state[name]}


def _details_of(rows: Iterable[AuditEntry]) -> dict[int, dict[str, tuple[str, str]]]:
    details: dict[int, dict[str, tuple[str, str]]] = {}
    side_rows = AuditDetail.objects.filter(entry__in=[row.pk for row in rows])
    for key, field, *texts in side_rows.values_list("entry_id", "field", "before", "after"):
        details.setdefault(key, {})[field] = (texts[0], texts[1])
    return details


def _people(keys: Collection[int]) -> dict[int, User]:
    return {
        user.pk: user for user in User.objects.filter(pk__in=keys).only("username", "display_name")
    }
