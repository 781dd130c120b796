"""Announcing changed private rooms to the open tabs of their participants."""

from collections.abc import Collection

from mainapp.accounts.models import User
from mainapp.forum.models import Participant, Room
from mainapp.forum.policies import PRIVATE
from mainapp.forum.selectors.chats import ROOMS
from mainapp.notifications.services.states import announce_state


def announce_room(room: Room, *, also: Collection[int] = ()) -> None:
    """Announce a changed private room to its participants, and to those of `also`; one query.

    Nothing happens for a room of the forum.
    """
    if room.is_private:
        members = Participant.objects.active().filter(room=room)
        users = {*members.values_list("user_id", flat=True), *also}
        announce_state(feed=ROOMS, key=room.pk, users=users)


def announce_own(room_pk: int, user_id: int) -> None:
    """Announce a room of which only this user's state has changed; no query."""
    announce_state(feed=ROOMS, key=room_pk, users=[user_id])


def announce_common_rooms(*, user: User, other: User) -> None:
    """Announce to `user` the private rooms in which `other` is as well; one query."""
    rooms = Participant.objects.active().filter(
        user=user,
        room__kind__in=PRIVATE,
        room__in=Participant.objects.filter(user=other).values("room"),
    )
    for room_pk in rooms.values_list("room_id", flat=True):
        announce_own(room_pk, user.pk)
