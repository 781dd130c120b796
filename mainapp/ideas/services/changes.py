"""Announcement of changed ideas to the open pages, after the commit."""

from collections.abc import Collection
from functools import partial

from django.db import transaction
from django.db.models import F

from mainapp.clubs.services.changes import club_changed
from mainapp.ideas.models import Idea
from mainapp.ideas.signals import ideas_changed


def touch(pks: Collection[int]) -> None:
    """Increase the revisions of ideas and publish them once the transaction commits."""
    if pks:
        Idea.objects.filter(pk__in=pks).update(revision=F("revision") + 1)
        send_changes(pks)


def send_changes(pks: Collection[int]) -> None:
    """Publish ideas whose revisions were increased, once the transaction commits."""
    transaction.on_commit(partial(_send, list(pks)))


def _send(pks: list[int]) -> None:
    rows = Idea.objects.filter(pk__in=pks).order_by("pk").values_list("pk", "revision", "club")
    changed = list(rows)
    ideas_changed.send(sender=None, ideas=[(pk, revision) for pk, revision, _club in changed])
    for club in {club for _pk, _revision, club in changed if club is not None}:
        club_changed(club, "ideas")
