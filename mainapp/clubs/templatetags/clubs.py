"""Pictures of clubs, `{% club_face club 48 %}`, and the addresses of invitations."""

from typing import Any

from django import template
from django.urls import reverse

from mainapp.accounts.templatetags.people import HUES, LARGER, initials
from mainapp.clubs.models import Club, Invitation
from mainapp.clubs.selectors.clubs import picture_url
from mainapp.core.paths import absolute_url

register = template.Library()


@register.inclusion_tag("mainapp/parts/face.html")
def club_face(club: Club, size: int = 48, is_member: bool = True) -> dict[str, Any]:
    """Render a club's picture; its initials if it has none, or for readers who are not members."""
    return {
        "presence": None,
        "url": picture_url(club, size) if is_member else None,
        "larger_url": picture_url(club, LARGER[size]),
        "size": size,
        "initials": initials(club.name),
        "hue": (club.pk * 11) % HUES,
    }


@register.filter
def join_address(invitation: Invitation) -> str:
    """Return the absolute URL of an invitation, to be sent to people."""
    return absolute_url(reverse("join-club", args=[invitation.key]))
