"""The audited fields of models, and the form in which entries store their values."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import models

Values = dict[str, Any]


def _never(_row: Any) -> bool:
    return False


class Audited:
    """The fields of an audited model, as names separated by spaces. Its key is always ignored.

    `owner` is the field of the person to whom a row belongs. `readable` lists hidden fields whose
    values an admin may need: a side row stores them until the owner's account is deleted. `links`
    are many-to-many fields, for which entries store keys; `hidden_links` are those whose keys are
    private. `skips` returns whether a row is not audited, and reads the fields in `needs`. With
    `deletions_only`, creating a row leaves no entry.
    """

    def __init__(
        self,
        *,
        shown: str = "",
        hidden: str = "",
        ignored: str = "",
        owner: str = "",
        readable: str = "",
        links: str = "",
        hidden_links: str = "",
        needs: str = "",
        skips: Callable[[Any], bool] = _never,
        deletions_only: bool = False,
    ) -> None:
        self.shown, self.hidden = frozenset(shown.split()), frozenset(hidden.split())
        self.ignored, self.needs = frozenset(ignored.split()), frozenset(needs.split())
        self.owner, self.readable = owner, frozenset(readable.split())
        self.links, self.hidden_links = frozenset(links.split()), frozenset(hidden_links.split())
        self.needs |= {owner} - {""}
        self.recorded = self.shown | self.hidden
        self.skips = skips
        self.deletions_only = deletions_only


_NOTHING = Audited(skips=lambda _row: True)
# Models of other packages: the accounts' addresses, second factors and sessions, and the settings
# of background work.
FOREIGN = {
    "account.emailaddress": Audited(
        shown="user verified primary", hidden="email", owner="user", readable="email"
    ),
    # When a code is used, only the time changes, in the row itself.
    "mfa.authenticator": Audited(
        shown="user type", hidden="data", ignored="created_at last_used_at", owner="user"
    ),
    # A log-in leaves no entry; ending a session does.
    "usersessions.usersession": Audited(
        shown="user",
        ignored="created_at ip last_seen_at session_key user_agent data",
        owner="user",
        deletions_only=True,
    ),
    "django_celery_beat.intervalschedule": Audited(shown="every period"),
    "django_celery_beat.crontabschedule": Audited(
        shown="minute hour day_of_week day_of_month month_of_year timezone"
    ),
    "django_celery_beat.clockedschedule": Audited(shown="clocked_time"),
    "django_celery_beat.solarschedule": Audited(shown="event latitude longitude"),
    "django_celery_beat.periodictask": Audited(
        shown="name task interval crontab solar clocked one_off start_time enabled args kwargs "
        "queue exchange routing_key headers priority expires expire_seconds description",
        ignored="last_run_at total_run_count date_changed",
    ),
}


def audit_of(model: type[models.Model]) -> Audited | None:
    """Return the audited fields of a model; None if it is not audited."""
    own = getattr(model, "audit", None)
    return own if isinstance(own, Audited) else FOREIGN.get(model._meta.label_lower)


def fields_table_of(model: type[models.Model]) -> Audited:
    """Return the audited fields of a model; none for one in a migration."""
    return audit_of(model) or _NOTHING


def recorded_fields(model: type[models.Model], names: Iterable[str]) -> dict[str, str]:
    """Return the audited fields among the names, which may be column names such as `host_id`."""
    recorded = fields_table_of(model).recorded
    fields = {model._meta.get_field(name).name: name for name in names}
    return {field: name for field, name in fields.items() if field in recorded}


def owner_of(row: models.Model) -> int | None:
    """Return the key of the person to whom a row belongs; None without an owner."""
    owner = fields_table_of(type(row)).owner
    value: int | None = values_of(row, [owner])[owner] if owner else None
    return value


def values_of(row: models.Model, fields: Iterable[str]) -> Values:
    meta: Any = row._meta
    return {name: getattr(row, meta.get_field(name).attname) for name in fields}


def plain_values(model: type[models.Model], values: Mapping[str, Any]) -> Values:
    """Return the values as the database would return them; None for expressions."""
    plain = {}
    for name, value in values.items():
        field: Any = model._meta.get_field(name)
        value = value.pk if isinstance(value, models.Model) else value
        target = field.target_field if field.is_relation else field
        plain[name] = None if hasattr(value, "resolve_expression") else target.to_python(value)
    return plain


def json_value(value: Any) -> Any:
    """Return a value in its JSON form."""
    return value if value is None or isinstance(value, bool | int | list | dict) else str(value)
