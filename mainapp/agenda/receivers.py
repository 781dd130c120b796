"""Signal receivers: live updates of open pages, and seats that are freed when people leave."""

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.services.notices import withdraw_notices
from mainapp.agenda.services.seats import release_all_seats
from mainapp.agenda.signals import agenda_changed
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.selectors.audience import CLUB
from mainapp.clubs.services.changes import club_changed
from mainapp.clubs.signals import members_changed
from mainapp.core.audience import key_of
from mainapp.notifications.events import EVERYBODY
from mainapp.notifications.services.states import announce_part

AGENDA = "agenda"


@receiver(agenda_changed)
def refresh_club(event: Event, **_kwargs: Any) -> None:
    """Let open pages of the event's club load its agenda again."""
    club_changed(event.club_id, "agenda")


@receiver(agenda_changed, sender=Event)
def refresh_agendas(event: Event, **_kwargs: Any) -> None:
    """Let open agendas of everybody who may see the event load their events again.

    Not for orders: those of a popular event would make every open page load once a second.
    """
    club = event.club_id
    announce_part(part=AGENDA, audience=key_of(CLUB, club) if club else EVERYBODY)


@receiver(members_changed)
def refresh_members(joined: Collection[int], left: Collection[int], **_kwargs: Any) -> None:
    """Add or remove a club's events on the open pages of people who joined or left it."""
    announce_part(part=AGENDA, users={*joined, *left})


@receiver(post_save, sender=Club)
def refresh_all_members(instance: Club, update_fields: Any = None, **_kwargs: Any) -> None:
    """Update the members' open pages when their club is deleted or restored."""
    if "archived_at" in (update_fields or ()):
        members = ClubMember.objects.filter(club=instance).values_list("user", flat=True)
        announce_part(part=AGENDA, users=list(members))


@receiver(pre_delete, sender=User)
def free_seats_of(instance: User, **_kwargs: Any) -> None:
    release_all_seats(user=instance, at=timezone.now())


@receiver(post_delete, sender=ClubMember)
def free_seats_in_club(instance: ClubMember, **_kwargs: Any) -> None:
    """Free the seats of a user who has left a club or was removed from it.

    The seats of an account that is being deleted are already free.
    """
    user = User.objects.filter(pk=instance.user_id).first()
    if user is not None:
        at = timezone.now()
        release_all_seats(user=user, club_pk=instance.club_id, at=at)
        withdraw_notices(user=user, club_pk=instance.club_id, at=at)
