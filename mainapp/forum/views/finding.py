"""What an address names, or a 404 that tells nobody's from somebody else's."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404, HttpRequest

from mainapp.accounts.models import User
from mainapp.forum.exceptions import Forbidden, Invalid
from mainapp.forum.models import Message, Room
from mainapp.forum.policies import is_moderator
from mainapp.forum.selectors.moderation import kept_room, message_with_room
from mainapp.forum.selectors.pages import room_for

MAX_DIGITS = 18


class MemberRequest(HttpRequest):
    """A request that `login_required` let through."""

    user: User


def found_room(request: HttpRequest, pk: str) -> tuple[Room, bool]:
    """Return a room, and whether this person is muted there."""
    try:
        return room_for(number(pk), request.user)
    except Room.DoesNotExist:
        raise Http404 from None


def found_kept_room(request: MemberRequest, pk: str) -> Room:
    """Return a room whose order this user keeps."""
    try:
        return kept_room(number(pk), request.user)
    except Room.DoesNotExist:
        raise Http404 from None


def found_message(pk: str) -> Message:
    try:
        return message_with_room(number(pk))
    except Message.DoesNotExist:
        raise Http404 from None


def deletable_message(request: MemberRequest, pk: str) -> Message:
    """Return a message that this user may delete: their own, or any where they keep order."""
    message = found_message(pk)
    is_own = message.author_id == request.user.pk
    if not is_own and not is_moderator(request.user, host_id=message.room.host_id):
        raise Http404
    return message


def number(pk: str) -> int:
    """Return the number that an address gives, written in one way only."""
    if not (pk.isascii() and pk.isdigit() and len(pk) <= MAX_DIGITS and str(int(pk)) == pk):
        raise Http404
    return int(pk)


@contextmanager
def or_404() -> Iterator[None]:
    """Answer 404 to what has gone, or become somebody else's, since it was looked for."""
    try:
        yield
    except (Forbidden, Invalid):
        raise Http404 from None
