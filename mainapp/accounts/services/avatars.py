"""Set, make ready and take away a person's picture.

What is to be done stands in the row: `avatar_pending` names the folder whose thumbnails are yet to
be made. The task that makes them is a nudge; the sweep finds what a crash left.
"""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.accounts.models import User
from mainapp.accounts.pictures import decoding, folders
from mainapp.accounts.policies import UPLOADS
from mainapp.core.limits import of_user
from mainapp.core.limits.database_store import consume_stored

logger = logging.getLogger(__name__)

SWEEP, SWEEP_S = "sweep_pictures", 60
# A folder that no row names may belong to an upload that is being decoded.
ORPHAN_S = 3600


def set_avatar(*, user: User, name: str, data: bytes) -> None:
    """Decode what a person chose and note that its thumbnails are to be made.

    The former picture stays until they are. Raises: PictureError and RateLimited, and nothing has
    changed.
    """
    decoding.check_file(name, len(data), data[:16])
    consume_stored(UPLOADS, of_user(user), at=timezone.now())
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
    """Make what is pending of a user, and show it in place of the picture of before.

    Safe to repeat, and to run twice at once: one of the two changes the row.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None or not user.avatar_pending:
        return
    key = user.avatar_pending
    pending = User.objects.filter(pk=user_id, avatar_pending=key)
    try:
        decoding.make_thumbnails(key)
    except decoding.PictureError as error:
        if not (folders.folder(key) / "source.png").exists():
            pending.update(avatar_pending="")
        logger.warning("the thumbnails of user %s were not made: %s", user_id, error)
        return
    with transaction.atomic():
        row = _locked(user)
        if row is None or row.avatar_pending != key:
            return
        pending.update(avatar_key=key, avatar_pending="")
        transaction.on_commit(partial(_settle, key, row.avatar_key))


def remove_avatar(*, user: User) -> None:
    """Take a person's picture away, with its files. Safe to repeat."""
    with transaction.atomic():
        row = _locked(user)
        if row is None:
            return
        User.objects.filter(pk=user.pk).update(avatar_key="", avatar_pending="")
        for key in (row.avatar_key, row.avatar_pending):
            transaction.on_commit(partial(folders.remove, key))


def sweep_pictures() -> None:
    """Make what a crash left unmade, and remove the folders that nobody's row names."""
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


def _settle(key: str, former: str) -> None:
    (folders.folder(key) / "source.png").unlink(missing_ok=True)
    folders.remove(former)


def ensure_periodic_task() -> None:
    """Create beat's sweep, once; what the admin changed stays."""
    if not PeriodicTask.objects.filter(name=SWEEP).exists():
        every = IntervalSchedule.objects.create(every=SWEEP_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=SWEEP, task=SWEEP, interval=every, expire_seconds=SWEEP_S)
