"""Pictures of rows: decoded, made into thumbnails in the background, replaced, removed and swept.

A kind of picture has a folder of its own and two fields of a model: `key` names the thumbnails that
are shown, `pending` a picture without any yet. A Celery task makes these right after the upload; a
periodic sweep makes those that a crash or a lost task left.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_delete
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.core.pictures import decoding
from mainapp.core.pictures.folders import Folders, new_key

logger = logging.getLogger(__name__)

SWEEP, SWEEP_S = "sweep_pictures", 60
# A folder that no row names may belong to an upload in progress, so only old ones are removed.
ORPHAN_S = 3600
SOURCE = "source.png"


def _nothing(_pk: int) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureKind:
    """The pictures of a model's rows. `changed` is called in each transaction that changes one."""

    folders: Folders
    model: Any
    key: str
    pending: str
    changed: Callable[[int], None] = _nothing

    @property
    def name(self) -> str:
        """The name of its folder, by which tasks and the registry know it."""
        return self.folders.name

    def row(self, pk: int) -> Any:
        return self.model.objects.filter(pk=pk)


_kinds: dict[str, PictureKind] = {}


def register_pictures(kind: PictureKind) -> None:
    """Make thumbnails of a kind's pictures, sweep them, and delete them with their rows."""
    _kinds[kind.name] = kind
    post_delete.connect(_remove_with_row, sender=kind.model, dispatch_uid=kind.name)


@contextmanager
def decoded(kind: PictureKind, data: bytes) -> Iterator[str]:
    """Decode an upload into a new folder, which is removed if the block fails; return its key.

    Raises: PictureError.
    """
    key = new_key()
    try:
        with kind.folders.workspace(key) as folder:
            decoding.make_square(folder, data)
        yield key
    except BaseException:
        kind.folders.remove(key)
        raise


def replace_pending(kind: PictureKind, *, pk: int, key: str) -> None:
    """Mark the thumbnails of a decoded picture as pending; the old one is shown until then."""
    with transaction.atomic():
        row = _locked(kind, pk)
        superseded = getattr(row, kind.pending) if row else key
        kind.row(pk).update(**{kind.pending: key})
        transaction.on_commit(partial(kind.folders.remove, superseded))


def remove_picture(kind: PictureKind, *, pk: int) -> None:
    """Remove a row's picture with its files. Safe to repeat."""
    with transaction.atomic():
        row = _locked(kind, pk)
        if row is None:
            return
        kind.row(pk).update(**{kind.key: "", kind.pending: ""})
        _remove_files(kind, row)
        kind.changed(pk)


def make_thumbnails(name: str, pk: int) -> None:
    """Make the pending thumbnails of a row of the kind `name`, and replace its previous picture.

    Safe to repeat and to run concurrently: only one call changes the row.
    """
    kind = _kinds[name]
    row = kind.row(pk).first()
    if row is None or not getattr(row, kind.pending):
        return
    key = getattr(row, kind.pending)
    pending = kind.row(pk).filter(**{kind.pending: key})
    try:
        with kind.folders.workspace(key, SOURCE) as folder:
            decoding.make_thumbnails(folder)
    except decoding.PictureError as error:
        # Without its source it can never succeed; otherwise the sweep tries again.
        if kind.folders.read(key, SOURCE) is None:
            pending.update(**{kind.pending: ""})
        logger.warning("the thumbnails of %s %s were not made: %s", name, pk, error)
        return
    with transaction.atomic():
        row = _locked(kind, pk)
        if row is None or getattr(row, kind.pending) != key:
            return
        pending.update(**{kind.key: key, kind.pending: ""})
        transaction.on_commit(partial(_remove_sources, kind, key, getattr(row, kind.key)))
        kind.changed(pk)


def sweep_pictures() -> None:
    """Make the thumbnails left pending by a crash, and remove old folders that no row names.

    A folder is swept only with the rows of its own kind. Two queries for each kind, plus those of
    the thumbnails.
    """
    for name, kind in _kinds.items():
        waiting = kind.model.objects.exclude(**{kind.pending: ""})
        for pk in list(waiting.values_list("pk", flat=True)):
            make_thumbnails(name, pk)
        _remove_unused(kind)


def _remove_unused(kind: PictureKind) -> None:
    old = set(kind.folders.keys_older_than(ORPHAN_S))
    if not old:
        return
    # One query: between two, a key could move from one field to the other and be missed by both.
    named = kind.model.objects.exclude(**{kind.key: "", kind.pending: ""})
    for keys in named.values_list(kind.key, kind.pending).iterator():
        old.difference_update(keys)
    for key in old:
        kind.folders.remove(key)


def _locked(kind: PictureKind, pk: int) -> models.Model | None:
    row: models.Model | None = kind.row(pk).select_for_update(no_key=True).first()
    return row


def _remove_sources(kind: PictureKind, key: str, previous_key: str) -> None:
    kind.folders.remove_file(key, SOURCE)
    kind.folders.remove(previous_key)


def _remove_files(kind: PictureKind, row: models.Model) -> None:
    for field in (kind.key, kind.pending):
        transaction.on_commit(partial(kind.folders.remove, getattr(row, field)))


def _remove_with_row(sender: type[models.Model], instance: models.Model, **_kwargs: Any) -> None:
    for kind in _kinds.values():
        if kind.model is sender:
            _remove_files(kind, instance)


def ensure_sweep() -> None:
    """Schedule the sweep unless it exists, so that changes made in the admin are preserved."""
    if not PeriodicTask.objects.filter(name=SWEEP).exists():
        every = IntervalSchedule.objects.create(every=SWEEP_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=SWEEP, task=SWEEP, interval=every, expire_seconds=SWEEP_S)
