"""What an address names, or a 404 that tells nobody's from somebody else's."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404, HttpRequest

from mainapp.accounts.policies import MemberRequest
from mainapp.core.paths import missing_as_404
from mainapp.forum.exceptions import Forbidden, Invalid
from mainapp.forum.models import Message, Room
from mainapp.forum.policies import is_moderator
from mainapp.forum.selectors.moderation import kept_room, message_with_room
from mainapp.forum.selectors.pages import room_for


def found_room(request: HttpRequest, pk: int) -> tuple[Room, bool]:
    """Return a room, and whether this person is muted there."""
    with missing_as_404():
        return room_for(pk, request.user)


def found_kept_room(request: MemberRequest, pk: int) -> Room:
    """Return a room whose order this user keeps."""
    with missing_as_404():
        return kept_room(pk, request.user)


def found_message(pk: int) -> Message:
    with missing_as_404():
        return message_with_room(pk)


def deletable_message(request: MemberRequest, pk: int) -> Message:
    """Return a message that this user may delete: their own, or any where they keep order."""
    message = found_message(pk)
    is_own = message.author_id == request.user.pk
    if not is_own and not is_moderator(request.user, host_id=message.room.host_id):
        raise Http404
    return message


@contextmanager
def or_404() -> Iterator[None]:
    """Answer 404 to what has gone, or become somebody else's, since it was looked for."""
    try:
        yield
    except (Forbidden, Invalid):
        raise Http404 from None
