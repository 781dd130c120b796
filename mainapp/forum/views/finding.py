"""Rooms and messages by their keys, with the same 404 for missing and foreign ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404, HttpRequest

from mainapp.accounts.policies import MemberRequest
from mainapp.core.paths import missing_as_404
from mainapp.forum.exceptions import Forbidden, Invalid
from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.moderation import message_with_room, moderated_room, moderates
from mainapp.forum.selectors.pages import OpenedRoom, room_for


def room_or_404(request: HttpRequest, pk: int, *, is_private: bool = False) -> OpenedRoom:
    """Return a room that this user, possibly anonymous, may read; see `room_for`."""
    with missing_as_404():
        return room_for(pk, request.user, is_private=is_private)


def moderated_room_or_404(request: MemberRequest, pk: int) -> Room:
    """Return a room that this user moderates."""
    with missing_as_404():
        return moderated_room(pk, request.user)


def message_or_404(request: MemberRequest, pk: int) -> Message:
    with missing_as_404():
        return message_with_room(pk, request.user)


def deletable_message_or_404(request: MemberRequest, pk: int) -> Message:
    """Return a message that this user may delete: their own, or any in a room they moderate."""
    message = message_or_404(request, pk)
    is_own = message.author_id == request.user.pk
    if not is_own and not moderates(request.user, message.room):
        raise Http404
    return message


@contextmanager
def gone_as_404() -> Iterator[None]:
    """Respond with 404 if the object was deleted or changed hands since it was loaded."""
    try:
        yield
    except (Forbidden, Invalid):
        raise Http404 from None
