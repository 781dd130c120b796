"""Recording of the skeletons of users' names."""

from django.db import connection

from mainapp.accounts.models import NameSkeleton, NameTaken, User, rows_of

NAMING = 0x4E414D45  # "NAME": key of an advisory lock, used for nothing else in this database


def record_names(*, user: User) -> None:
    """Replace a user's skeletons by those of the current names. Safe to repeat.

    Call it in the transaction that saves the names; others that save new ones wait for its end.
    Raises: NameTaken if another user has an added skeleton, which a form may have checked before.
    """
    rows = {row.skeleton: row for row in rows_of(user)}
    own = NameSkeleton.objects.filter(user=user)
    added = rows.keys() - set(own.values_list("skeleton", flat=True))
    if not added:
        own.exclude(skeleton__in=rows).delete()
        return
    _lock_names()
    if NameSkeleton.objects.filter(skeleton__in=added).exists():
        raise NameTaken(f"the name of user {user.pk} looks like another's")
    own.exclude(skeleton__in=rows).delete()
    NameSkeleton.objects.bulk_create([rows[skeleton] for skeleton in sorted(added)])


def _lock_names() -> None:
    """Wait for concurrent transactions with new names; SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NAMING])
