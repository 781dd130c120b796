"""Writes audit entries, one at a time or batched at the end of a change."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.utils import timezone

from mainapp.core.audit.fields import (
    Values,
    fields_table_of,
    json_value,
    owner_of,
    plain_values,
    values_of,
)
from mainapp.core.contexts import COMMAND, TASK, Context, current_context
from mainapp.core.models.audit import AuditDetail, AuditEntry

Action = AuditEntry.Action
# Entries of the current `gathering` block, written at its end with one query.
_pending: ContextVar[list[AuditEntry] | None] = ContextVar("audit_pending", default=None)


@contextmanager
def gathering() -> Iterator[None]:
    """Run the block in a transaction and write its entries at the end, with one query."""
    outer = _pending.get()
    entries: list[AuditEntry] = [] if outer is None else outer
    known = len(entries)
    token = _pending.set(entries)
    try:
        # No savepoint: an error rolls back the whole change.
        with transaction.atomic(savepoint=False):
            yield
            if outer is None and entries:
                _save(entries)
    except BaseException:
        del entries[known:]
        raise
    finally:
        _pending.reset(token)


def record_row(row: models.Model, action: AuditEntry.Action) -> None:
    """Write an entry of a new or deleted row, with the values of its shown fields."""
    audit = fields_table_of(type(row))
    values = plain_values(type(row), values_of(row, audit.shown))
    is_new = action == Action.CREATED
    changes = {
        name: [None, value] if is_new else [value, None]
        for name, value in values.items()
        if value not in (None, "")
    }
    # The values of a new row are in the row, and the next change records them.
    removed = {} if is_new else values_of(row, sorted(audit.readable))
    private = {name: (value, "") for name, value in removed.items() if value}
    _write(row, action, fields=(), changes=changes, private=private)


def record_change(row: models.Model, before: Values, after: Values) -> None:
    """Write an entry if any value differs."""
    changed = [name for name in before if name in after and before[name] != after[name]]
    audit = fields_table_of(type(row))
    changes = {name: [before[name], after[name]] for name in changed if name in audit.shown}
    private = {
        name: (before[name], after[name]) for name in sorted(changed) if name in audit.readable
    }
    if changed:
        _write(row, Action.CHANGED, fields=sorted(changed), changes=changes, private=private)


def record_links(row: models.Model, name: str, before: set[Any], after: set[Any]) -> None:
    """Write an entry if a row's many-to-many keys differ; hidden links without their keys."""
    if before != after:
        is_shown = name in fields_table_of(type(row)).links
        changes = {name: [sorted(before), sorted(after)]} if is_shown else {}
        _write(row, Action.CHANGED, fields=[name], changes=changes, private={})


def _write(
    row: models.Model,
    action: AuditEntry.Action,
    *,
    fields: Collection[str],
    changes: Values,
    private: Mapping[str, tuple[Any, Any]],
) -> None:
    if fields_table_of(type(row)).skips(row):
        return
    context = current_context() or Context("", COMMAND)
    actor_id = context.actor_id()
    if actor_id is None and context.way == TASK:
        actor_id = owner_of(row)
    entry = AuditEntry(
        at=timezone.now(),
        actor_id=actor_id,
        way=context.way,
        program=context.program[:80],
        action=action,
        model=row._meta.label_lower,
        key=str(row.pk),
        fields=list(fields),
        changes={name: [*map(json_value, values)] for name, values in changes.items()},
    )
    entry.private_values = (owner_of(row), private)  # type: ignore[attr-defined] # until it is saved
    pending = _pending.get()
    if pending is None:
        _save([entry])
    else:
        pending.append(entry)


def _save(entries: list[AuditEntry]) -> None:
    """Insert entries, and the details of those with readable values; one query, or three."""
    AuditEntry.objects.bulk_create(entries)
    details = [detail for entry in entries for detail in _details_of(entry)]
    if details:
        people = {detail.owner_id for detail in details}
        users = get_user_model()._default_manager.filter(pk__in=people)
        known = set(users.values_list("pk", flat=True))  # without users who are being deleted
        AuditDetail.objects.bulk_create(each for each in details if each.owner_id in known)


def _details_of(entry: Any) -> Iterator[AuditDetail]:
    owner_id, private = entry.private_values
    for name, (before, after) in private.items():
        if owner_id is not None:
            texts = ("" if value is None else str(value) for value in (before, after))
            yield AuditDetail(
                entry=entry,
                owner_id=owner_id,
                field=name,
                **dict(zip(("before", "after"), texts, strict=True)),
            )
