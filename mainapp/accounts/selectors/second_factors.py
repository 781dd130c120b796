"""Queries of second factors, and whether a log-in has used one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mainapp.accounts.models import User

Type = Authenticator.Type
MAIN_TYPES = (Type.TOTP, Type.WEBAUTHN)  # recovery codes alone do not count as one


class Factors(NamedTuple):
    """A user's second factors: the app, the recovery codes, and the passkeys, oldest first."""

    app: Authenticator | None
    recovery: Authenticator | None
    passkeys: list[Authenticator]

    @property
    def is_on(self) -> bool:
        return bool(self.app or self.passkeys)


def factors_of(user: User) -> Factors:
    """Return a user's second factors; one query."""
    rows = list(Authenticator.objects.filter(user=user).order_by("pk"))
    by_type = {row.type: row for row in rows}
    passkeys = [row for row in rows if row.type == Type.WEBAUTHN]
    return Factors(by_type.get(Type.TOTP), by_type.get(Type.RECOVERY_CODES), passkeys)


def has_second_factor(user: User) -> bool:
    exists: bool = Authenticator.objects.filter(user=user, type__in=MAIN_TYPES).exists()
    return exists


def passkeys_of(user: User) -> "QuerySet[Authenticator]":
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type=Type.WEBAUTHN)
    return rows


def sealed_count() -> int:
    """Return the number of secrets that only MFA_KEY can decrypt."""
    count: int = Authenticator.objects.exclude(type=Type.WEBAUTHN).count()
    return count


def used_second_factor(session: Mapping[str, Any]) -> bool:
    """Return whether a session (its data) was opened with a second factor, on the site or API."""
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
    return any(record.get("method") == "mfa" for record in records)


def second_factor_record(*, at: datetime) -> dict[str, Any]:
    """Return the session data of a log-in with a second factor, in allauth's form."""
    return {AUTHENTICATION_METHODS_SESSION_KEY: [{"method": "mfa", "at": at.timestamp()}]}


def factor_rows(user: User) -> Iterable[tuple[Any, ...]]:
    """Yield the rows of a user's data archive: kind, name and times, no secret."""
    for factor in Authenticator.objects.filter(user=user).order_by("pk"):
        name = factor.data.get("name", "") if factor.type == Type.WEBAUTHN else ""
        yield factor.type, name, factor.created_at, factor.last_used_at


def passkey_name(count: int) -> str:
    """Return the suggested name of a user's next passkey."""
    return _("Chave %(number)s") % {"number": count + 1}
