"""Publish every committed change to a room to all processes, and apply blocks."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.signals import block_changed
from mainapp.clubs.models import Club, ClubMember
from mainapp.core.realtime import GroupMessage, publish, publish_on_commit
from mainapp.forum.events import ROOMS, BlocksChanged, RoomChanged, RoomRead
from mainapp.forum.models import Participant, Room
from mainapp.forum.policies import DIRECT, GROUP
from mainapp.forum.selectors.messages import person_of
from mainapp.forum.services.club_rooms import sync_club_rooms
from mainapp.forum.services.mentions import hide_notices
from mainapp.forum.services.states import announce_common_rooms
from mainapp.forum.services.talk import hide_talk
from mainapp.forum.signals import room_changed, room_read


@receiver(room_changed)
def publish_change(*, room_pk: int, revision: int, rules_revision: int, **_kwargs: Any) -> None:
    """Publish the room's revisions; of several queued ones, only the newest is sent."""
    body = RoomChanged(
        type="room.changed", room=room_pk, revision=revision, rules_revision=rules_revision
    )
    publish([GroupMessage(ROOMS, body, key=room_pk, rank=revision)])


@receiver(room_read)
def publish_read_mark(
    *, room_pk: int, user: User, seq: int, rules_revision: int, **_kwargs: Any
) -> None:
    """Publish a read mark; of several queued ones of a user, only the newest is sent."""
    person = person_of(user)
    body = RoomRead(
        type="room.read", room=room_pk, user=person, seq=seq, rules_revision=rules_revision
    )
    publish([GroupMessage(ROOMS, body, key=("read", room_pk, user.pk), rank=seq)])


@receiver(pre_delete, sender=User)
def delete_own_rooms(instance: User, **_kwargs: Any) -> None:
    """Delete the private rooms in which nobody else has ever taken part, but for a club's."""
    others = Participant.objects.filter(room=OuterRef("pk")).exclude(user=instance)
    rooms = Room.objects.filter(kind__in=[GROUP, DIRECT], participants__user=instance)
    rooms.filter(~Exists(others)).delete()


@receiver(post_save, sender=ClubMember)
def admit_member(
    instance: ClubMember,
    created: bool,
    update_fields: Any = None,
    raw: bool = False,
    **_kwargs: Any,
) -> None:
    """Open a club's rooms to a new member; after a change of role, let its managers moderate."""
    if not raw and (created or update_fields is None or "role" in update_fields):
        sync_club_rooms(
            club_pk=instance.club_id, users=[instance.user_id], has_new_managers=not created
        )


@receiver(post_delete, sender=ClubMember)
def dismiss_member(instance: ClubMember, origin: Any = None, **_kwargs: Any) -> None:
    """Close a club's rooms to a former member.

    Not when the club or the account itself is deleted, and the participations with it.
    """
    if not isinstance(origin, Club | User):
        sync_club_rooms(club_pk=instance.club_id, users=[instance.user_id])


@receiver(post_save, sender=Club)
def apply_archive(
    instance: Club, created: bool, update_fields: Any = None, raw: bool = False, **_kwargs: Any
) -> None:
    """Close the rooms of an archived club to everybody, and open them when it is restored."""
    if not created and not raw and (update_fields is None or "archived_at" in update_fields):
        sync_club_rooms(club_pk=instance.pk)


@receiver(block_changed)
def apply_block(*, blocker: User, blocked: User, is_blocked: bool, **_kwargs: Any) -> None:
    """Hide the notices of a blocked user, and make open rooms read the blocks again."""
    if is_blocked:
        hide_notices(reader=blocker, author=blocked, at=timezone.now())
        hide_talk(reader=blocker, author=blocked, at=timezone.now())
    announce_common_rooms(user=blocker, other=blocked)
    body = BlocksChanged(type="blocks.changed", users=[blocker.pk, blocked.pk])
    publish_on_commit([GroupMessage(ROOMS, body)])
