"""Storing, attaching and removing uploads."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_new, check_not_suspended
from mainapp.core.audience import existing, key_of
from mainapp.core.exceptions import DomainError
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.pictures.decoding import EXTENSIONS, PictureError, format_of
from mainapp.core.pictures.folders import new_key
from mainapp.core.pictures.stores import MediaUnavailable
from mainapp.uploads.models import Upload
from mainapp.uploads.pictures import decoding
from mainapp.uploads.pictures.folders import FILE, FOLDERS
from mainapp.uploads.policies import (
    MAX_BYTES,
    MAX_TRIES,
    SIDE,
    SIZES,
    UPLOADS,
    clean_name,
    type_of_file,
)

logger = logging.getLogger(__name__)

SWEEP, SWEEP_S = "sweep_uploads", 60
PRUNING = "prune_uploads"
# An upload that is not attached to anything is kept for this long.
UNATTACHED = timedelta(days=1)
# A folder that no row names may belong to an upload in progress, so only old ones are removed.
ORPHAN_S = 3600
CHUNK = 500
ACCEPTED = _("São aceitas imagens JPEG, PNG, WebP e GIF, e arquivos PDF, CSV e XLSX.")


def store_upload(*, owner: User, name: str, data: bytes, at: datetime) -> Upload:
    """Store a picture, re-encoded, or a file; only its owner may see it until it is attached.

    The content must agree with the name's extension; a declared type is ignored. At most
    UPLOADS_A_DAY.
    Raises: DomainError (`invalid`, `too_large`), PictureError, RateLimited, Suspended, NewAccount.
    """
    check_not_suspended(owner, at=at)
    check_not_new(owner, at=at)
    if len(data) > MAX_BYTES:
        raise DomainError("too_large", _("O arquivo passa de 10 MB: escolha um menor."))
    name, key = clean_name(name), new_key()
    is_picture = format_of(data[:16]) is not None
    content_type = "image/webp" if is_picture else type_of_file(name, data)
    if content_type is None or (is_picture and not _is_named_like(name, data)):
        raise DomainError("invalid", ACCEPTED, fields={"file": "jpeg|png|webp|gif|pdf|csv|xlsx"})
    check_and_increment_quota(owner, UPLOADS, at=at)
    try:
        width, height = None, None
        if is_picture:
            width, height = decoding.store_picture(key, data, side=SIDE)
        else:
            FOLDERS.write(key, FILE, data)
        return Upload.objects.create(
            owner=owner,
            audience=key_of("user", owner.pk),
            kind=Upload.Kind.IMAGE if is_picture else Upload.Kind.FILE,
            state=Upload.State.PENDING if is_picture else Upload.State.READY,
            key=key,
            name=name,
            size=len(data),
            content_type=content_type,
            width=width,
            height=height,
            created_at=at,
        )
    except BaseException:
        FOLDERS.remove(key)
        raise


def make_thumbnails(*, pk: int) -> None:
    """Make a picture's thumbnails, in MAX_TRIES tries. Safe to repeat and to run concurrently."""
    pending = Upload.objects.filter(pk=pk, state=Upload.State.PENDING)
    # Counted before the try: a picture that ends its process is not tried for ever.
    if not pending.update(tries=F("tries") + 1):
        return
    upload = Upload.objects.get(pk=pk)
    try:
        decoding.make_thumbnails(upload.key, SIZES)
    except MediaUnavailable:
        pending.update(tries=F("tries") - 1)
        return
    except PictureError as error:
        logger.warning("the thumbnails of upload %s were not made: %s", pk, error)
        if error.is_busy:
            pending.update(tries=F("tries") - 1)
        elif upload.tries >= MAX_TRIES:
            pending.update(state=Upload.State.FAILED, reason=str(error)[:200])
        return
    pending.update(state=Upload.State.READY)


def attach_upload(*, pk: int, owner: User, kind: str, audience: str) -> Upload:
    """Give an unattached upload of `owner` another audience, in the caller's transaction.

    Raises: DomainError if there is no such upload, or it is already attached.
    """
    own = Upload.objects.filter(
        pk=pk, owner=owner, kind=kind, audience=key_of("user", owner.pk)
    ).exclude(state=Upload.State.FAILED)
    # One statement: of two messages that attach it at the same time, one fails.
    if not own.update(audience=audience):
        raise DomainError(
            "invalid", _("Este arquivo não existe."), fields={"content.upload": "unknown"}
        )
    return Upload.objects.get(pk=pk)


def copy_upload(*, pk: int, audience: str, at: datetime) -> Upload | None:
    """Copy an upload with its files for another audience; None if there is no such upload.

    The copy belongs to nobody, and outlives the upload.
    """
    upload = Upload.objects.filter(pk=pk).first()
    if upload is None:
        return None
    key = new_key()
    FOLDERS.copy(upload.key, key)
    upload.pk, upload.key, upload.owner, upload.audience = None, key, None, audience
    upload.created_at, upload.tries = at, 0
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
    except BaseException:
        FOLDERS.remove(key)
        raise
    return upload


def delete_upload(*, upload: Upload) -> None:
    """Delete an upload and, after the commit, its files. Safe to repeat."""
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk).delete()
        transaction.on_commit(partial(FOLDERS.remove, upload.key))


def delete_attached(*, audience: str) -> None:
    """Delete the uploads of an audience that is deleted in the same transaction."""
    for upload in Upload.objects.filter(audience=audience):
        delete_upload(upload=upload)


def sweep_uploads(*, at: datetime) -> None:
    """Make missing thumbnails, and remove unattached uploads and unknown folders."""
    pending = Upload.objects.filter(state=Upload.State.PENDING, created_at__lt=at)
    for pk in pending.order_by("created_at").values_list("pk", flat=True)[:CHUNK]:
        make_thumbnails(pk=pk)
    unattached = Upload.objects.filter(audience__startswith="user:")
    _delete_all(unattached.filter(created_at__lt=at - UNATTACHED)[:CHUNK])
    _remove_unknown_folders()


def prune_uploads() -> None:
    """Remove uploads whose audience no longer exists, such as the messages of a deleted room."""
    audiences = Upload.objects.order_by("pk").values_list("pk", "audience")
    last = 0
    while rows := list(audiences.filter(pk__gt=last)[:CHUNK]):
        last = rows[-1][0]
        known = existing({audience for _pk, audience in rows})
        gone = [pk for pk, audience in rows if audience not in known]
        if gone:
            _delete_all(Upload.objects.filter(pk__in=gone))


def ensure_sweep() -> None:
    """Schedule the sweep and the nightly pruning unless they exist; an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=SWEEP).exists():
        every = IntervalSchedule.objects.create(every=SWEEP_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=SWEEP, task=SWEEP, interval=every, expire_seconds=SWEEP_S)
    if not PeriodicTask.objects.filter(name=PRUNING).exists():
        night = CrontabSchedule.objects.create(minute="25", hour="4", timezone=settings.TIME_ZONE)
        PeriodicTask.objects.create(name=PRUNING, task=PRUNING, crontab=night)


def _is_named_like(name: str, data: bytes) -> bool:
    _stem, dot, extension = name.rpartition(".")
    return not dot or EXTENSIONS.get(extension.lower()) == format_of(data[:16])


def _delete_all(uploads: Collection[Upload]) -> None:
    for upload in uploads:
        delete_upload(upload=upload)


def _remove_unknown_folders() -> None:
    old = list(FOLDERS.keys_older_than(ORPHAN_S))
    for start in range(0, len(old), CHUNK):
        keys = set(old[start : start + CHUNK])
        for key in keys.difference(
            Upload.objects.filter(key__in=keys).values_list("key", flat=True)
        ):
            FOLDERS.remove(key)
