"""Upload, processing and removal of profile pictures.

`avatar_pending` in the user's row names a folder without thumbnails. A Celery task makes them right
after the upload; a periodic sweep makes those that a crash or a lost task left.
"""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.accounts.models import User
from mainapp.accounts.pictures import decoding, folders
from mainapp.accounts.policies import PICTURES
from mainapp.core.limits import of_user
from mainapp.core.limits.database_store import consume_stored

logger = logging.getLogger(__name__)

SWEEP, SWEEP_S = "sweep_pictures", 60
# A folder that no row names may belong to an upload in progress, so only old ones are removed.
ORPHAN_S = 3600


def set_avatar(*, user: User, name: str, data: bytes) -> None:
    """Decode an upload and mark its thumbnails as pending; the old picture is shown until then.

    Raises: PictureError, RateLimited; the user's picture is then unchanged.
    """
    decoding.check_file(name, len(data), data[:16])
    consume_stored(PICTURES, of_user(user), at=timezone.now())
    key = folders.new_key()
    folders.folder(key).mkdir(parents=True)
    try:
        decoding.make_square(key, data)
    except decoding.PictureError:
        folders.remove(key)
        raise
    with transaction.atomic():
        row = _locked(user)
        superseded = row.avatar_pending if row else key
        User.objects.filter(pk=user.pk).update(avatar_pending=key)
        transaction.on_commit(partial(folders.remove, superseded))


def make_thumbnails(*, user_id: int) -> None:
    """Make a user's pending thumbnails and replace the previous picture.

    Safe to repeat and to run concurrently: only one call changes the row.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None or not user.avatar_pending:
        return
    key = user.avatar_pending
    pending = User.objects.filter(pk=user_id, avatar_pending=key)
    try:
        decoding.make_thumbnails(key)
    except decoding.PictureError as error:
        # Without its source it can never succeed; otherwise the sweep tries again.
        if not (folders.folder(key) / "source.png").exists():
            pending.update(avatar_pending="")
        logger.warning("the thumbnails of user %s were not made: %s", user_id, error)
        return
    with transaction.atomic():
        row = _locked(user)
        if row is None or row.avatar_pending != key:
            return
        pending.update(avatar_key=key, avatar_pending="")
        transaction.on_commit(partial(_remove_sources, key, row.avatar_key))


def remove_avatar(*, user: User) -> None:
    """Remove a user's picture with its files. Safe to repeat."""
    with transaction.atomic():
        row = _locked(user)
        if row is None:
            return
        User.objects.filter(pk=user.pk).update(avatar_key="", avatar_pending="")
        for key in (row.avatar_key, row.avatar_pending):
            transaction.on_commit(partial(folders.remove, key))


def sweep_pictures() -> None:
    """Make the thumbnails left pending by a crash, and remove old folders that no row names.

    Three queries, plus those of the thumbnails.
    """
    for pk in User.objects.exclude(avatar_pending="").values_list("pk", flat=True):
        make_thumbnails(user_id=pk)
    old = set(folders.keys_older_than(ORPHAN_S))
    if not old:
        return
    for field in ("avatar_key", "avatar_pending"):
        named = User.objects.exclude(**{field: ""}).values_list(field, flat=True)
        old -= set(named.iterator())
    for key in old:
        folders.remove(key)


def _locked(user: User) -> User | None:
    return User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()


def _remove_sources(key: str, previous_key: str) -> None:
    (folders.folder(key) / "source.png").unlink(missing_ok=True)
    folders.remove(previous_key)


def ensure_periodic_task() -> None:
    """Schedule the sweep unless it exists, so that changes made in the admin are preserved."""
    if not PeriodicTask.objects.filter(name=SWEEP).exists():
        every = IntervalSchedule.objects.create(every=SWEEP_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=SWEEP, task=SWEEP, interval=every, expire_seconds=SWEEP_S)
