"""Uploaded history files: rows that wait until the worker has loaded them."""

import logging
from datetime import datetime, timedelta
from io import BytesIO

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from mainapp.core.exceptions import fill
from mainapp.market.models import HistoryFile
from mainapp.market.readers.faults import SENTENCES, CotahistError
from mainapp.market.services.cotahist import Loaded, load_cotahist

logger = logging.getLogger(__name__)

State = HistoryFile.State
# Far longer than a load takes: by then its worker is dead, and another one may start.
ABANDONED = timedelta(minutes=15)
RESULTS = ("records", "first_day", "last_day", "days", "added", "changed")


def keep_file(row: HistoryFile, *, name: str, content: bytes, at: datetime) -> None:
    """Store an upload for the worker."""
    row.name, row.content, row.uploaded_at = name[-120:], content, at
    row.save()


def load_waiting_files(*, at: datetime) -> None:
    """Load the files that wait, the oldest first. Safe to repeat and to run concurrently."""
    waiting = _waiting(at).order_by("uploaded_at", "pk").values_list("pk", flat=True)
    for pk in list(waiting):
        if _waiting(at).filter(pk=pk).update(started_at=at):
            _load(HistoryFile.objects.get(pk=pk), at)


def _waiting(at: datetime) -> "QuerySet[HistoryFile]":
    is_free = Q(started_at=None) | Q(started_at__lt=at - ABANDONED)
    return HistoryFile.objects.filter(is_free, state=State.WAITING)


def _load(row: HistoryFile, at: datetime) -> None:
    try:
        loaded = load_cotahist(BytesIO(bytes(row.content)), at=at)
    except CotahistError as error:
        logger.info("history file %s refused: %s", row.pk, error.fault)
        row.state, row.fault, row.fault_params = State.REFUSED, error.fault, error.params
    else:
        _set_results(row, loaded)
    row.content = b""
    row.save()


def _set_results(row: HistoryFile, loaded: Loaded) -> None:
    row.state = State.LOADED
    for name in RESULTS:
        setattr(row, name, getattr(loaded, name))


def fault_text(row: HistoryFile) -> str:
    """Return the reason for refusing a file, in the active language, or ""."""
    template = SENTENCES.get(row.fault)
    return fill(gettext(template), row.fault_params) if template else ""
