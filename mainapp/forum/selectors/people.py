"""The people of a room, as suggestions for a mention."""

from django.db.models import Exists, OuterRef, Q

from mainapp.accounts.models import Block, User
from mainapp.forum.models import Participant, Room

MAX_PEOPLE = 8


def people_named(room: Room, text: str, *, besides: User) -> list[User]:
    """Return active participants whose username begins with `text` or whose name contains it.

    The newest participants come first, without people whom `besides` blocks or who block them. One
    query.
    """
    blocks = Block.objects.filter(
        Q(blocker=besides, blocked=OuterRef("user")) | Q(blocker=OuterRef("user"), blocked=besides)
    )
    participants = Participant.objects.active().filter(
        ~Exists(blocks), room=room, user__is_active=True
    )
    named = Q(user__username__istartswith=text) | Q(user__display_name__icontains=text)
    others = participants.filter(named).exclude(user=besides).select_related("user")
    newest = others.order_by("-joined_at", "-pk")[:MAX_PEOPLE]
    return [participant.user for participant in newest]
