"""Queries of uploads."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from mainapp.accounts.models import User
from mainapp.core.audience import Audience, may_see
from mainapp.uploads.models import Upload


def uploads_of(user: User) -> QuerySet[Upload]:
    """Return a user's uploads, the newest first."""
    return Upload.objects.filter(owner=user).order_by("-pk")


def readable_upload(pk: int, user: Any) -> Upload:
    """Return an upload that a user, possibly anonymous, may see now; two queries.

    Raises: Upload.DoesNotExist.
    """
    upload = Upload.objects.get(pk=pk)
    if not may_see(user, upload.audience):
        raise Upload.DoesNotExist
    return upload


def _is_owner(user: Any, pk: int) -> bool:
    return bool(user.pk == pk)


def _existing_users(pks: Collection[int]) -> Collection[int]:
    return list(User.objects.filter(pk__in=pks).values_list("pk", flat=True))


OWNER = Audience(kind="user", may_see=_is_owner, existing=_existing_users)
