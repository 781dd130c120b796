"""The audit: who changed which row of the audited models, in the same transaction.

A model is audited if it is an AuditedModel that names its fields:

    class Alert(AuditedModel):
        audit = Audited(shown="owner status", hidden="email compra", ignored="last_fired_at")

All ways to write are covered: `save` and `delete`, cascades included, by signals, and `update`,
`bulk_update`, `bulk_create` and the deletion of many rows by AuditedQuerySet. A model with a
queryset of its own derives it from AuditedQuerySet. FOREIGN has the models of other packages, which
save and delete rows one by one. A test compares all of it with the models.

An entry has ids and names of fields. It has the values, before and after, of `shown` fields only.
Texts, names, addresses and amounts of people are `hidden`: the entry has only the field's name. A
change of `ignored` fields costs nothing and leaves no entry.

`mainapp.core.acts` provides the user and the way of a change.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar

from django.apps import apps
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils import timezone

from mainapp.core.acts import current_act
from mainapp.core.models import AuditEntry

M = TypeVar("M", bound=models.Model)
Action = AuditEntry.Action
Values = dict[str, Any]


def _never(_row: Any) -> bool:
    return False


class Audited:
    """The fields of an audited model, as names separated by spaces. Its key is always ignored.

    `skips` returns whether a row is not audited; for that it reads the fields of `needs`. With
    `deletions_only`, the creation of a row leaves no entry.
    """

    def __init__(
        self,
        *,
        shown: str = "",
        hidden: str = "",
        ignored: str = "",
        needs: str = "",
        skips: Callable[[Any], bool] = _never,
        deletions_only: bool = False,
    ) -> None:
        self.shown, self.hidden = frozenset(shown.split()), frozenset(hidden.split())
        self.ignored, self.needs = frozenset(ignored.split()), frozenset(needs.split())
        self.recorded = self.shown | self.hidden
        self.skips = skips
        self.deletions_only = deletions_only


_NOTHING = Audited(skips=lambda _row: True)
# Models of other packages: the accounts' addresses, second factors and sessions, and the settings
# of background work.
FOREIGN = {
    "account.emailaddress": Audited(shown="user verified primary", hidden="email"),
    # Of a code's use only the time is recorded, in the row itself.
    "mfa.authenticator": Audited(
        shown="user type", hidden="data", ignored="created_at last_used_at"
    ),
    # A log-in leaves no entry, its end does.
    "usersessions.usersession": Audited(
        shown="user",
        ignored="created_at ip last_seen_at session_key user_agent data",
        deletions_only=True,
    ),
    "django_celery_beat.intervalschedule": Audited(shown="every period"),
    "django_celery_beat.crontabschedule": Audited(
        shown="minute hour day_of_week day_of_month month_of_year timezone"
    ),
    "django_celery_beat.periodictask": Audited(
        shown="name task interval crontab solar clocked one_off start_time enabled args kwargs "
        "queue exchange routing_key headers priority expires expire_seconds description",
        ignored="last_run_at total_run_count date_changed",
    ),
}


# Entries of a running change, which are written at its end with one query.
_pending: ContextVar[list[AuditEntry] | None] = ContextVar("audit_pending", default=None)


@contextmanager
def gathering() -> Iterator[None]:
    """Make the block a transaction, at the end of which its entries are written; one query."""
    outer = _pending.get()
    entries: list[AuditEntry] = [] if outer is None else outer
    known = len(entries)
    token = _pending.set(entries)
    try:
        # Without a savepoint: an error ends the whole change.
        with transaction.atomic(savepoint=False):
            yield
            if outer is None and entries:
                AuditEntry.objects.bulk_create(entries)
    except BaseException:
        del entries[known:]
        raise
    finally:
        _pending.reset(token)


class AuditedQuerySet(models.QuerySet[M]):
    """A queryset of an audited model, whose bulk changes leave entries."""

    def update(self, **values: Any) -> int:
        """Update rows; three queries if there are audited fields among the values.

        One more if a value is an expression. The rows are read and locked first.
        """
        fields = _fields_of(self.model, values)
        if not fields:
            return super().update(**values)
        names = [*fields, *_audit_of(self.model).needs]
        with gathering():
            rows = self.order_by("pk").select_related(None)
            locked = rows.select_for_update(of=("self",), no_key=True)
            before = {row.pk: row for row in locked.only("pk", *names)}
            if not before:
                return 0
            count = super().update(**values)
            if any(hasattr(values[name], "resolve_expression") for name in fields.values()):
                changed = self.model._base_manager.filter(pk__in=before).only("pk", *names)
                after = {row.pk: _values_of(row, fields) for row in changed}
            else:
                given = {name: values[fields[name]] for name in fields}
                after = dict.fromkeys(before, _plain(self.model, given))
            for pk, row in before.items():
                _record_change(row, _values_of(row, fields), after.get(pk, {}))
        return count

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        """Insert rows. Raises: ValueError for conflict options, which hide the rows written."""
        if options.get("ignore_conflicts") or options.get("update_conflicts"):
            raise ValueError(f"{self.model._meta.label} is audited: insert without conflicts")
        with gathering():
            rows = super().bulk_create(objs, *args, **options)
            for row in rows:
                _record_row(row, Action.CREATED)
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
        if names is not None and not _fields_of(type(self), names):
            super().save(*args, **options)
            return
        with gathering():
            super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with gathering():
            return super().delete(*args, **options)


def audit_of(model: type[models.Model]) -> Audited | None:
    """Return the audited fields of a model; None if it is not audited."""
    own = getattr(model, "audit", None)
    return own if isinstance(own, Audited) else FOREIGN.get(model._meta.label_lower)


def connect_audit() -> None:
    """Connect the signals of the audited models.

    One by one: a receiver for all models would make Django read every row before deleting it.
    """
    for model in apps.get_models():
        if audit_of(model):
            pre_save.connect(_remember, sender=model, dispatch_uid="audit")
            post_save.connect(_record_save, sender=model, dispatch_uid="audit")
            post_delete.connect(_record_deletion, sender=model, dispatch_uid="audit")


def _remember(instance: Any, raw: bool, update_fields: Any, **_signal: Any) -> None:
    """Read the saved values of the fields that may change; one query unless there are none."""
    model, before = type(instance), None
    fields = _fields_of(
        model, _audit_of(model).recorded if update_fields is None else update_fields
    )
    if fields and not raw and not instance._state.adding:
        before = model._base_manager.filter(pk=instance.pk).only("pk", *fields).first()
    instance._audited_before = (before, fields)


def _record_save(instance: Any, created: bool, raw: bool, **_signal: Any) -> None:
    before, fields = instance.__dict__.pop("_audited_before", (None, {}))
    if created and not raw and not _audit_of(type(instance)).deletions_only:
        _record_row(instance, Action.CREATED)
    elif before is not None:
        after = _plain(type(instance), _values_of(instance, fields))
        _record_change(instance, _values_of(before, fields), after)


def _record_deletion(instance: Any, **_signal: Any) -> None:
    _record_row(instance, Action.DELETED)


def _record_row(row: models.Model, action: AuditEntry.Action) -> None:
    """Write an entry of a new or deleted row, with the values of its shown fields."""
    audit = _audit_of(type(row))
    values = _plain(type(row), _values_of(row, audit.shown))
    place = 1 if action == Action.CREATED else 0
    changes = {
        name: [value, None] if place == 0 else [None, value]
        for name, value in values.items()
        if value not in (None, "")
    }
    _write(row, action, fields=(), changes=changes)


def _record_change(row: models.Model, before: Values, after: Values) -> None:
    """Write an entry if values differ."""
    changed = [name for name in before if name in after and before[name] != after[name]]
    shown = _audit_of(type(row)).shown
    changes = {name: [before[name], after[name]] for name in changed if name in shown}
    if changed:
        _write(row, Action.CHANGED, fields=sorted(changed), changes=changes)


def _write(
    row: models.Model, action: AuditEntry.Action, *, fields: Collection[str], changes: Values
) -> None:
    if _audit_of(type(row)).skips(row):
        return
    way, actor_id = current_act()
    entry = AuditEntry(
        at=timezone.now(),
        actor_id=actor_id,
        way=way,
        action=action,
        model=row._meta.label_lower,
        key=str(row.pk),
        fields=list(fields),
        changes={name: [*map(_wire, values)] for name, values in changes.items()},
    )
    pending = _pending.get()
    if pending is None:
        entry.save()
    else:
        pending.append(entry)


def _audit_of(model: type[models.Model]) -> Audited:
    """Return the audited fields of a model; none for one in a migration."""
    return audit_of(model) or _NOTHING


def _fields_of(model: type[models.Model], names: Iterable[str]) -> dict[str, str]:
    """Return the audited fields among names, which may be those of columns, like `host_id`."""
    recorded = _audit_of(model).recorded
    fields = {model._meta.get_field(name).name: name for name in names}
    return {field: name for field, name in fields.items() if field in recorded}


def _values_of(row: models.Model, fields: Iterable[str]) -> Values:
    meta: Any = row._meta
    return {name: getattr(row, meta.get_field(name).attname) for name in fields}


def _plain(model: type[models.Model], values: Mapping[str, Any]) -> Values:
    """Return values in the form in which they are read from the database; None for expressions."""
    plain = {}
    for name, value in values.items():
        field: Any = model._meta.get_field(name)
        value = value.pk if isinstance(value, models.Model) else value
        target = field.target_field if field.is_relation else field
        plain[name] = None if hasattr(value, "resolve_expression") else target.to_python(value)
    return plain


def _wire(value: Any) -> Any:
    """Return a value in its JSON form."""
    return value if value is None or isinstance(value, bool | int | list | dict) else str(value)
