"""The people of a room, as suggestions for a mention."""

from django.db.models import Q

from mainapp.accounts.models import User
from mainapp.forum.models import Participant, Room

MAX_PEOPLE = 8


def people_named(room: Room, text: str, *, besides: User) -> list[User]:
    """Return active participants whose username begins with `text` or whose name contains it.

    The newest participants come first. One query.
    """
    participants = Participant.objects.filter(room=room, user__is_active=True)
    named = Q(user__username__istartswith=text) | Q(user__display_name__icontains=text)
    others = participants.filter(named).exclude(user=besides).select_related("user")
    newest = others.order_by("-joined_at", "-pk")[:MAX_PEOPLE]
    return [participant.user for participant in newest]
