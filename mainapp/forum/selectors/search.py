"""Rooms in the site's search."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Q, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mainapp.core.search import Result, Section
from mainapp.forum.models import Room
from mainapp.market.symbols import fold

MIN_LENGTH = 2


def find_rooms(text: str, *, user: Any, limit: int) -> list[Result]:
    """Return the rooms that match every word of the text; one query, none for an empty text.

    A word is a part of the name, topic or description, or the start of the stock's code. Rooms
    whose name starts with the text come first, then the most recently active. All are public.
    """
    words = fold(text).split()
    if not words:
        return []
    condition = Q()
    for word in words:
        condition &= Q(search_text__contains=word) | Q(stock__symbol__startswith=word.upper())
    rank = Case(When(search_text__startswith=" ".join(words), then=0), default=1)
    rooms = Room.objects.public().filter(condition).select_related("stock")
    return [_result(room) for room in rooms.order_by(rank, "-active_at", "-pk")[:limit]]


def _result(room: Room) -> Result:
    count = ngettext("%(count)s mensagem", "%(count)s mensagens", room.last_seq)
    parts = [room.topic, count % {"count": room.last_seq}]
    return Result(
        title=room.name,
        subtitle=" · ".join(filter(None, parts)),
        label=room.stock.symbol if room.stock else "",
        url=reverse("room", args=[room.pk]),
    )


def _more_url(text: str) -> str:
    return f"{reverse('forum')}?{urlencode({'q': text})}"


ROOMS = Section(
    name="rooms",
    title=_("Salas"),
    order=20,
    icon="messages",
    find=find_rooms,
    min_length=MIN_LENGTH,
    more_url=_more_url,
)
