"""The private link of a user's calendar."""

import secrets
from datetime import datetime

from mainapp.accounts.models import User
from mainapp.agenda.models import CalendarLink


def renew_link(*, user: User, at: datetime) -> CalendarLink:
    """Replace a user's link; the old one is invalid at once."""
    values = {"key": secrets.token_urlsafe(32), "renewed_at": at}
    link, _is_new = CalendarLink.objects.update_or_create(user=user, defaults=values)
    return link


def revoke_link(*, user: User) -> None:
    """Delete a user's link. Safe to repeat."""
    for link in CalendarLink.objects.filter(user=user):
        link.delete()
