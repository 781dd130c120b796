"""Direct rooms and groups: opening them, and changing their participants."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_new, check_not_suspended
from mainapp.accounts.services.presence import announce_presence
from mainapp.core.limits import consume, of_user
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.names import title
from mainapp.forum.exceptions import Forbidden, Invalid, RoomGone, UnavailablePerson
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import (
    CHANGES,
    CLUB,
    DIRECT,
    GROUP,
    MAX_GROUP,
    NEW_DIRECT_ROOMS,
    NEW_GROUPS,
)
from mainapp.forum.selectors.members import host_id_of, reachable_people
from mainapp.forum.services.numbering import advance_revision
from mainapp.forum.services.states import announce_own, announce_room
from mainapp.forum.services.talk import mark_talk_read, withdraw_talk

MAX_NAME = 80


def open_chat(*, user: User, user_ids: Collection[int], name: str = "") -> tuple[Room, bool]:
    """Return a room with other people, and whether it is new.

    One other person and no name: their direct room, which exists once. Otherwise a new group.
    Raises: Invalid, UnavailablePerson (whichever of them it is), RateLimited, Suspended,
    NewAccount.
    """
    check_not_suspended(user, at=timezone.now())
    others = set(user_ids) - {user.pk}
    if not others or len(others) >= MAX_GROUP:
        raise Invalid(
            _("Escolha de 1 a 199 outras pessoas."), fields={"user_ids": f"1-{MAX_GROUP - 1}"}
        )
    people = reachable_people(user, others)
    if len(people) < len(others):
        raise UnavailablePerson
    if len(people) == 1 and not title(name):
        return _open_direct_room(user, people[0])
    return _create_group(user, people, name), True


def add_people(*, room_pk: int, actor: User, user_ids: Collection[int]) -> list[User]:
    """Add people to a group, as its host; they read it from now on. Safe to repeat.

    Returns the people who were not in it. Raises: RoomGone, Forbidden, Suspended, Invalid (too many
    people), UnavailablePerson, RateLimited.
    """
    _check_may_change(actor)
    with transaction.atomic():
        room = _hosted_group(room_pk, actor)
        active = Participant.objects.active().filter(room=room)
        new = set(user_ids) - {*active.values_list("user_id", flat=True)}
        people = reachable_people(actor, new)
        if len(people) < len(new):
            raise UnavailablePerson
        if active.count() + len(people) > MAX_GROUP:
            raise Invalid(_("Um grupo tem até 200 pessoas."), fields={"user_ids": "too many"})
        _join(room, people)
        _write_notes(room, people, code="joined", by=actor.pk)
        announce_room(room)
        return people


def remove_person(*, room_pk: int, actor: User, user_pk: int) -> None:
    """Remove somebody from a group, as its host. Safe to repeat.

    Raises: RoomGone, Suspended, Forbidden (also for oneself: use `leave_room`), RateLimited.
    """
    _check_may_change(actor)
    with transaction.atomic():
        room = _hosted_group(room_pk, actor)
        if user_pk == actor.pk:
            raise Forbidden
        _leave(room, user_pk, by=actor.pk)


def leave_room(*, room_pk: int, user: User) -> None:
    """Leave a group, or hide a direct room until its next message.

    The host's place goes to the oldest participant. Raises: RoomGone, Forbidden (a club's room).
    """
    with transaction.atomic():
        room = _lock_joined(room_pk, user, has_new_rules=True)
        if room.kind == CLUB:
            raise Forbidden
        if room.kind == DIRECT:
            own = Participant.objects.filter(room=room, user=user)
            own.update(is_hidden=True, read_seq=room.last_seq)
            mark_talk_read(rooms=[room.pk], user=user, at=timezone.now())
            announce_own(room.pk, user.pk)
            return
        host_id = host_id_of(room)
        _leave(room, user.pk)
        if host_id == user.pk:
            room.host_id = None
            Room.objects.filter(pk=room.pk).update(host_id=host_id_of(room))


def rename_room(*, room_pk: int, actor: User, name: str) -> Room:
    """Rename a group, as its host.

    Raises: RoomGone, Forbidden, Suspended, Invalid, RateLimited.
    """
    line = _checked_name(name)
    if not line:
        raise Invalid(_("Dê um nome ao grupo."), fields={"name": f"1-{MAX_NAME}"})
    _check_may_change(actor)
    with transaction.atomic():
        room = _hosted_group(room_pk, actor)
        if line != room.name:
            room.name = line
            room.save(update_fields=["name"])
            _write_notes(room, [actor], code="renamed", name=line)
            announce_room(room)
        return room


def _open_direct_room(user: User, other: User) -> tuple[Room, bool]:
    first, second = sorted([user.pk, other.pk])
    key = f"{first}:{second}"
    if room := _shown_direct_room(user, key):
        return room, False
    now = timezone.now()
    check_not_new(user, at=now)
    try:
        with transaction.atomic():
            check_and_increment_quota(user, NEW_DIRECT_ROOMS, at=now)
            room = Room.objects.create(kind=DIRECT, pair_key=key, created_at=now, active_at=now)
            _join(room, [user, other])
            # The other person sees it in their list from its first message on.
            Participant.objects.filter(room=room, user=other).update(is_hidden=True)
            announce_own(room.pk, user.pk)
    except IntegrityError:  # the other person, or another request, made it at the same time
        if made := _shown_direct_room(user, key):
            return made, False
        raise UnavailablePerson from None  # their account was deleted a moment ago
    return room, True


def _shown_direct_room(user: User, key: str) -> Room | None:
    """Return the direct room of a pair, if there is one, and show it in the list of `user`."""
    room = Room.objects.filter(pair_key=key).first()
    hidden = Participant.objects.filter(room=room, user=user, is_hidden=True)
    if room and hidden.update(is_hidden=False):
        announce_own(room.pk, user.pk)
    return room


def _create_group(host: User, people: Sequence[User], name: str) -> Room:
    now, line = timezone.now(), _checked_name(name)
    check_not_new(host, at=now)
    with transaction.atomic():
        check_and_increment_quota(host, NEW_GROUPS, at=now)
        room = Room.objects.create(kind=GROUP, host=host, name=line, created_at=now, active_at=now)
        _join(room, [host, *people])
        announce_room(room)
    return room


def _checked_name(name: str) -> str:
    line = title(name)
    if len(line) > MAX_NAME:
        raise Invalid(_("O nome passa de 80 caracteres."), fields={"name": f"1-{MAX_NAME}"})
    return line


def _lock_joined(room_pk: int, user: User, **changes: Any) -> Room:
    """Lock a private room in which `user` takes part. Raises: RoomGone."""
    room = advance_revision(room_pk, **changes)
    own = Participant.objects.active().filter(room=room, user=user)
    if not room.is_private or not own.exists():
        raise RoomGone
    return room


def _check_may_change(actor: User) -> None:
    """Count a change to a group, as it reaches all participants. Raises: Suspended, RateLimited."""
    check_not_suspended(actor, at=timezone.now())
    consume(CHANGES, of_user(actor))


def _hosted_group(room_pk: int, actor: User) -> Room:
    """Lock a group that `actor` hosts. Raises: RoomGone, Forbidden."""
    room = _lock_joined(room_pk, actor, has_new_rules=True)
    if room.kind != GROUP or host_id_of(room) != actor.pk:
        raise Forbidden
    return room


def _join(room: Room, people: Sequence[User]) -> None:
    """Make people participants of a locked or new room, from its next message on."""
    state = {
        "joined_at": timezone.now(),
        "joined_seq": room.last_seq,
        "read_seq": room.last_seq,
        "notified_seq": room.last_seq,
        "left_at": None,
    }
    Participant.objects.bulk_create(
        [Participant(room=room, user=person, **state) for person in people],
        update_conflicts=True,
        unique_fields=["room", "user"],
        update_fields=list(state),
    )
    announce_presence([person.pk for person in people])


def _leave(room: Room, user_pk: int, **content: Any) -> None:
    """End a participation in a locked group; nothing happens if there is none."""
    own = Participant.objects.filter(room=room, user=user_pk, left_at=None)
    person = User.objects.filter(pk=user_pk).first()
    if own.update(left_at=timezone.now()) and person:
        _write_notes(room, [person], code="left", **content)
        announce_room(room, also=[user_pk])
        announce_presence([user_pk])
        withdraw_talk(room_pk=room.pk, user=person, at=timezone.now())


def _write_notes(room: Room, people: Sequence[User], **content: Any) -> None:
    """Write a system message about each person, under the next numbers of a locked room."""
    first = room.last_seq + 1
    room.last_seq += len(people)
    Room.objects.filter(pk=room.pk).update(last_seq=F("last_seq") + len(people))
    Message.objects.bulk_create(
        Message(
            room=room,
            author=person,
            seq=seq,
            revision=room.revision,
            kind=Message.Kind.SYSTEM,
            content=content,
            sent_at=timezone.now(),
        )
        for seq, person in enumerate(people, first)
    )
