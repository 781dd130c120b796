"""The base classes of audited models and of their querysets."""

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, TypeVar

from django.db import connections, models

from mainapp.core.audit.entries import gathering, record_change, record_row
from mainapp.core.audit.fields import (
    Audited,
    fields_table_of,
    plain_values,
    recorded_fields,
    values_of,
)
from mainapp.core.models.audit import AuditEntry

M = TypeVar("M", bound=models.Model)


class AuditedQuerySet(models.QuerySet[M]):
    """A queryset of an audited model, whose bulk changes leave entries."""

    def update(self, **values: Any) -> int:
        """Update rows; three queries if the values include audited fields.

        One more if a value is an expression. The rows are read and locked first, and none that
        another transaction adds or changes in between is updated: it would leave no entry.
        """
        fields = recorded_fields(self.model, values)
        if not fields:
            return super().update(**values)
        names = [*fields, *fields_table_of(self.model).needs]
        with gathering():
            rows = self.order_by("pk").select_related(None)
            locked = rows.select_for_update(of=("self",), no_key=True)
            before = {row.pk: row for row in locked.only("pk", *names)}
            if not before:
                return 0
            count = super(AuditedQuerySet, self._limited_to(before)).update(**values)
            if any(hasattr(values[name], "resolve_expression") for name in fields.values()):
                changed = self.model._base_manager.filter(pk__in=before).only("pk", *names)
                after = {row.pk: values_of(row, fields) for row in changed}
            else:
                given = {name: values[fields[name]] for name in fields}
                after = dict.fromkeys(before, plain_values(self.model, given))
            for pk, row in before.items():
                record_change(row, values_of(row, fields), after.get(pk, {}))
        return count

    def _limited_to(self, keys: Collection[Any]) -> "AuditedQuerySet[M]":
        """Return the rows with these keys; all rows where no other transaction can write now."""
        if not connections[self.db].features.has_select_for_update:
            return self
        return self.filter(pk__in=list(keys))

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        """Insert rows. Raises: ValueError for conflict options, which hide what was written."""
        if options.get("ignore_conflicts") or options.get("update_conflicts"):
            raise ValueError(f"{self.model._meta.label} is audited: insert without conflicts")
        with gathering():
            rows = super().bulk_create(objs, *args, **options)
            for row in rows:
                record_row(row, AuditEntry.Action.CREATED)
        return rows

    def delete(self) -> tuple[int, dict[str, int]]:
        with gathering():
            return super().delete()


class AuditedModel(models.Model):
    """A model whose changes leave entries in the same transaction."""

    audit: ClassVar[Audited]
    objects = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        names = options.get("update_fields")
        if names is not None and not recorded_fields(type(self), names):
            super().save(*args, **options)
            return
        with gathering():
            super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with gathering():
            return super().delete(*args, **options)
