"""The rooms of a club, in which all of its members take part."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.accounts.services.presence import announce_presence
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.services.changes import club_changed
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.forum.exceptions import Forbidden, RoomGone
from mainapp.forum.models import Participant, Room
from mainapp.forum.policies import CLUB, CLUB_ROOMS, NEW_ROOMS
from mainapp.forum.services.numbering import advance_revision
from mainapp.forum.services.states import announce_room
from mainapp.forum.services.talk import withdraw_talk
from mainapp.market.models import Stock


def create_club_room(
    *,
    club_pk: int,
    actor: User,
    name: str,
    topic: str = "",
    description: str = "",
    stock: Stock | None = None,
) -> Room:
    """Create a room of a club, as one of its managers; all members take part in it.

    At most the rooms of the club's plan, concurrent calls included. Raises: RoomGone (not a
    member), Forbidden, Suspended, DomainError (`limit_reached`: too many rooms), RateLimited.
    """
    now = timezone.now()
    check_not_suspended(actor, at=now)
    with transaction.atomic():
        club = _lock_managed_club(club_pk, actor)
        check_and_increment_quota(club, CLUB_ROOMS, at=now)
        check_and_increment_quota(actor, NEW_ROOMS, at=now)
        room = Room.objects.create(
            kind=CLUB,
            club=club,
            host=actor,
            name=name,
            topic=topic,
            description=description,
            stock=stock,
            created_at=now,
            active_at=now,
        )
        sync_club_rooms(club_pk=club.pk)
        club_changed(club.pk, "rooms")
    return room


def sync_club_rooms(
    *, club_pk: int, users: Collection[int] | None = None, has_new_managers: bool = False
) -> None:
    """Make the members of a club the participants of its rooms; of `users` only, if given.

    New ones read the whole history, of which nothing counts as unread. Those who left get no frame
    after the commit. Safe to repeat: nothing is written if nothing has changed, unless
    `has_new_managers`. Two queries for a club without rooms.
    """
    rooms = list(Room.objects.filter(club=club_pk).order_by("pk").values_list("pk", flat=True))
    if not rooms:
        return
    with transaction.atomic():
        joining, leaving = _differences(club_pk, rooms, users)
        if not joining and not leaving and not has_new_managers:
            return
        for pk in rooms:
            room = advance_revision(pk, has_new_rules=True)
            _join(room, joining.get(pk, ()))
            _leave(room, leaving.get(pk, ()))
            announce_room(room, also=leaving.get(pk, ()))
        announce_presence(list({user for ids in (joining, leaving) for user in _all(ids)}))


def _lock_managed_club(club_pk: int, actor: User) -> Club:
    clubs = Club.objects.select_for_update().visible_to(actor)
    club: Club | None = clubs.filter(pk=club_pk).first()
    if club is None:
        raise RoomGone
    own = ClubMember.objects.filter(club=club, user=actor).first()
    if own is None or not own.manages:
        raise Forbidden
    return club


def _differences(
    club_pk: int, rooms: Collection[int], users: Collection[int] | None
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the users who begin and end to take part in each room; two queries."""
    members = ClubMember.objects.filter(club=club_pk, club__archived_at=None)
    present = Participant.objects.filter(room__in=rooms, left_at=None)
    if users is not None:
        members, present = members.filter(user__in=users), present.filter(user__in=users)
    wanted = set(members.values_list("user_id", flat=True))
    by_room: dict[int, set[int]] = {pk: set() for pk in rooms}
    for room, user in present.values_list("room_id", "user_id"):
        by_room[room].add(user)
    joining = {pk: sorted(wanted - here) for pk, here in by_room.items() if wanted - here}
    leaving = {pk: sorted(here - wanted) for pk, here in by_room.items() if here - wanted}
    return joining, leaving


def _join(room: Room, users: Collection[int]) -> None:
    state: dict[str, Any] = {
        "joined_at": timezone.now(),
        "joined_seq": 0,
        "read_seq": room.last_seq,
        "notified_seq": room.last_seq,
        "left_at": None,
    }
    Participant.objects.bulk_create(
        [Participant(room=room, user_id=user, **state) for user in users],
        update_conflicts=True,
        unique_fields=["room", "user"],
        update_fields=list(state),
    )


def _leave(room: Room, users: Collection[int]) -> None:
    now = timezone.now()
    Participant.objects.filter(room=room, user__in=users).update(left_at=now)
    for user in User.objects.filter(pk__in=users):
        withdraw_talk(room_pk=room.pk, user=user, at=now)


def _all(by_room: dict[int, list[int]]) -> set[int]:
    return {user for users in by_room.values() for user in users}
