"""Profiles as a subject of complaints."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.accounts.services.avatars import remove_avatar
from mainapp.accounts.services.preferences import save_profile
from mainapp.moderation.subjects import Evidence, Subject


def find_profile(pk: int, _reader: Any) -> Evidence | None:
    """Return the public texts of an active user; one query."""
    person = User.objects.filter(pk=pk, is_active=True).first()
    if person is None:
        return None
    text = "\n".join(filter(None, (person.display_name, f"@{person.username}", person.bio)))
    return Evidence(
        kind="profile",
        pk=pk,
        person_id=pk,
        url=reverse("user-profile", args=[pk]),
        lines=[{"text": text, "author": pk, "is_reported": True}],
    )


def clear_profile(pk: int, _actor: Any, _at: datetime) -> None:
    """Remove a user's display name, description and picture. Safe to repeat."""
    if person := User.objects.filter(pk=pk).first():
        save_profile(user=person, display_name="", bio="")
        remove_avatar(user=person)


PROFILE = Subject(kind="profile", find=find_profile, remove=clear_profile)
