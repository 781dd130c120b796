"""Creating, changing and deleting rooms."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.forum.exceptions import Forbidden, RateLimited
from mainapp.forum.models import ModerationEntry, Participant, Room
from mainapp.forum.policies import is_moderator
from mainapp.forum.services.log import note
from mainapp.forum.services.numbering import take_revision
from mainapp.market.models import Stock

DAY = timedelta(days=1)


def create_room(
    *,
    host: User,
    name: str,
    topic: str = "",
    description: str = "",
    stock: Stock | None = None,
) -> Room:
    """Open a room; its host takes part in it.

    At most ROOMS_A_DAY in 24 hours, however many are asked for at once. Raises: RateLimited.
    """
    now = timezone.now()
    with transaction.atomic():
        _check_quota(host, now)
        room = Room.objects.create(
            host=host,
            name=name,
            topic=topic,
            description=description,
            stock=stock,
            created_at=now,
            active_at=now,
        )
        Participant.objects.create(room=room, user=host, joined_at=now)
    return room


def _check_quota(host: User, now: datetime) -> None:
    """Lock the host, so that no two rooms are counted at once."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=host.pk)
    opened = Room.objects.filter(host=host, created_at__gt=now - DAY).order_by("-created_at")
    limit = settings.ROOMS_A_DAY
    oldest = next(iter(opened.values_list("created_at", flat=True)[limit - 1 : limit]), None)
    if oldest:
        wait_s = (oldest + DAY - now).total_seconds()
        raise RateLimited(_("Salas demais num dia; espere um pouco."), retry_after_s=max(1, wait_s))


def update_room(
    *,
    room_pk: int,
    actor: User,
    name: str,
    topic: str = "",
    description: str = "",
    stock: Stock | None = None,
) -> Room:
    """Change a room; its host may, and staff. Raises: Invalid (it is gone), Forbidden."""
    with transaction.atomic():
        room = take_revision(room_pk, has_new_rules=True)
        if not is_moderator(actor, host_id=room.host_id):
            raise Forbidden
        room.name, room.topic, room.description, room.stock = name, topic, description, stock
        room.save(update_fields=["name", "topic", "description", "stock"])
        return room


def delete_room(*, room_pk: int, actor: User) -> None:
    """Delete a room with all that was said; its host may, and staff. It leaves a line in the log.

    Raises: Invalid (it is gone), Forbidden.
    """
    with transaction.atomic():
        room = take_revision(room_pk, has_new_rules=True)
        if not is_moderator(actor, host_id=room.host_id):
            raise Forbidden
        note(room, actor, ModerationEntry.Action.DELETE_ROOM, target_id=room.host_id)
        room.delete()
