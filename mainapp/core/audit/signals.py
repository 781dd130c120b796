"""Signal receivers that record single saves and deletions, and changes of many-to-many fields."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.apps import apps
from django.db import connections, models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from mainapp.core.audit.entries import record_change, record_links, record_row
from mainapp.core.audit.fields import (
    audit_of,
    fields_table_of,
    plain_values,
    recorded_fields,
    values_of,
)
from mainapp.core.models.audit import AuditEntry


def connect_audit() -> None:
    """Connect the signals of the audited models.

    Each model is connected separately: a receiver for all models would make Django read every row
    before deleting it.
    """
    for model in apps.get_models():
        if audit_of(model):
            pre_save.connect(_remember, sender=model, dispatch_uid="audit")
            post_save.connect(_record_save, sender=model, dispatch_uid="audit")
            post_delete.connect(_record_deletion, sender=model, dispatch_uid="audit")
            _connect_links(model)


def _connect_links(model: type[models.Model]) -> None:
    audit = fields_table_of(model)
    for name in audit.links | audit.hidden_links:
        through = getattr(model, name).through
        receiver = partial(_record_links, model=model, name=name)
        m2m_changed.connect(receiver, sender=through, weak=False, dispatch_uid="audit")


def _remember(instance: Any, raw: bool, update_fields: Any, **_signal: Any) -> None:
    """Read the saved values of the fields that may change; one query unless there are none.

    In a transaction the row is locked: the entry of another that is changing it comes first.
    """
    model, before = type(instance), None
    fields = recorded_fields(
        model, fields_table_of(model).recorded if update_fields is None else update_fields
    )
    if fields and not raw and not instance._state.adding:
        rows = model._base_manager.filter(pk=instance.pk).only("pk", *fields)
        if connections[rows.db].in_atomic_block:
            rows = rows.select_for_update(no_key=True)
        before = rows.first()
    instance._audited_before = (before, fields)


def _record_save(instance: Any, created: bool, raw: bool, **_signal: Any) -> None:
    before, fields = instance.__dict__.pop("_audited_before", (None, {}))
    if created and not raw and not fields_table_of(type(instance)).deletions_only:
        record_row(instance, AuditEntry.Action.CREATED)
    elif before is not None:
        after = plain_values(type(instance), values_of(instance, fields))
        record_change(instance, values_of(before, fields), after)


def _record_deletion(instance: Any, **_signal: Any) -> None:
    record_row(instance, AuditEntry.Action.DELETED)


def _record_links(
    *,
    model: type[models.Model],
    name: str,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: Any,
    **_signal: Any,
) -> None:
    """Compare a row's links before and after; from the other side, those of each linked row."""
    moment, _, _kind = action.partition("_")
    if moment == "pre":
        rows = _linked_rows(instance, reverse, pk_set, model, name)
        instance._audited_links = [(row, _keys(row, name)) for row in rows]
    else:
        for row, before in instance.__dict__.pop("_audited_links", ()):
            record_links(row, name, before, _keys(row, name))


def _linked_rows(
    instance: Any, reverse: bool, pk_set: Any, model: type[models.Model], name: str
) -> Iterable[models.Model]:
    if not reverse:
        return [instance]
    rows = model._default_manager.all()
    return list(rows.filter(**{name: instance}) if pk_set is None else rows.filter(pk__in=pk_set))


def _keys(row: Any, name: str) -> set[Any]:
    return set(getattr(row, name).order_by("pk").values_list("pk", flat=True))
