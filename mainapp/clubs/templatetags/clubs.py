"""Faces of clubs, and the addresses of invitations."""

from django import template
from django.urls import reverse

from mainapp.accounts.templatetags.people import HUES, initials
from mainapp.clubs.models import Club, Invitation
from mainapp.core.paths import absolute_url

register = template.Library()


@register.filter
def club_initials(club: Club) -> str:
    return initials(club.name)


@register.filter
def club_hue(club: Club) -> int:
    return (club.pk * 11) % HUES


@register.filter
def join_address(invitation: Invitation) -> str:
    """Return the whole address of an invitation, to be sent to people."""
    return absolute_url(reverse("join-club", args=[invitation.key]))
