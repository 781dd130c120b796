"""404 for events that are gone or invisible."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404

from mainapp.agenda.exceptions import EventGone


@contextmanager
def gone_as_404() -> Iterator[None]:
    """Respond with 404 if a service in the block raises EventGone."""
    try:
        yield
    except EventGone:
        raise Http404 from None
