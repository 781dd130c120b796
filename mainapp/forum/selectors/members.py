"""Participants of private rooms, and people with whom a user may be in contact."""

from collections.abc import Collection, Iterable, Sequence

from mainapp.accounts.models import User
from mainapp.accounts.selectors import blocks_of
from mainapp.forum.models import Participant, Room
from mainapp.forum.policies import GROUP


def reachable_people(user: User, ids: Collection[int]) -> list[User]:
    """Return those of `ids` who are active and neither block `user` nor are blocked; two queries.

    In the order of their ids.
    """
    blocked = blocks_of([user.pk])[user.pk].all
    people = User.objects.filter(pk__in=set(ids) - blocked, is_active=True)
    return list(people.order_by("pk"))


def is_partner_reachable(room: Room, user: User) -> bool:
    """Return whether the other person of a direct room may be written to; two queries."""
    others = Participant.objects.filter(room=room).exclude(user=user)
    return bool(reachable_people(user, others.values_list("user_id", flat=True)))


def members_of(room: Room) -> list[Participant]:
    """Return the participants of a private room with their users, the oldest first; one query."""
    members = Participant.objects.active().filter(room=room).select_related("user")
    return list(members.order_by("joined_at", "pk"))


def host_id_of(room: Room) -> int | None:
    """Return the id of a group's host: its creator or, after they left, its oldest participant.

    One query at most.
    """
    if room.host_id is not None:
        return room.host_id
    members = Participant.objects.active().filter(room=room).order_by("joined_at", "pk")
    return members.values_list("user_id", flat=True).first()


def notifiable_people(
    room: Room, author: User, people: Iterable[User]
) -> tuple[list[User], list[User]]:
    """Return those whom a message of `author` may notify, and those outside of a private room.

    One query, two for a private room. Deactivated people and blocks either way are left out of
    both lists: an author must not learn of a block.
    """
    blocked = blocks_of([author.pk])[author.pk].all
    people = [user for user in people if user.is_active and user.pk not in blocked]
    if not room.is_private:
        return people, []
    rows = Participant.objects.active().filter(room=room, user__in=people)
    inside = {*rows.values_list("user_id", flat=True)}
    return (
        [user for user in people if user.pk in inside],
        [user for user in people if user.pk not in inside],
    )


def host_id_among(room: Room, members: Sequence[Participant]) -> int | None:
    """Return the id of a group's host among its participants, the oldest first; no query."""
    if room.kind != GROUP:
        return None
    ids = [member.user_id for member in members]
    return room.host_id if room.host_id in ids else next(iter(ids), None)
