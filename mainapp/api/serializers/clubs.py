"""Clubs, their members and invitations."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Strict
from mainapp.api.serializers.forum import Person
from mainapp.clubs.models import ClubMember, Invitation
from mainapp.clubs.policies import MAX_DAYS, MAX_USES
from mainapp.clubs.selectors.clubs import picture_url
from mainapp.core.paths import absolute_url
from mainapp.forum.selectors.messages import person_of

ROLES = ClubMember.Role.values


class ClubInput(Strict):
    """A new club."""

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class ClubChange(Strict):
    """The texts of a club, which its managers change; and one's own settings in it.

    `shares_portfolio` shows the percents of one's carteira to the members. `is_chosen` offers the
    club first in forms.
    """

    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    filtered_words = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    shares_portfolio = serializers.BooleanField(required=False)
    is_chosen = serializers.BooleanField(required=False)

    def current_values(self) -> Any:
        return self.context.get("current", {})


class MemberChange(Strict):
    """The role of a member."""

    role = serializers.ChoiceField(choices=ROLES)


class InvitationInput(Strict):
    """The number of days for which a link is valid, and of people who can join by it."""

    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, required=False)
    max_uses = serializers.IntegerField(min_value=1, max_value=MAX_USES, required=False)


class ClubData(serializers.Serializer):
    """A club of the user, with the user's own role and settings in it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    picture = serializers.CharField(allow_null=True)
    members_count = serializers.IntegerField()
    role = serializers.ChoiceField(choices=ROLES)
    shares_portfolio = serializers.BooleanField()
    is_chosen = serializers.BooleanField()
    created_at = Moment()


class MemberData(serializers.Serializer):
    """A member of a club."""

    user = Person()
    role = serializers.ChoiceField(choices=ROLES)
    shares_portfolio = serializers.BooleanField()
    joined_at = Moment()


class InvitationData(serializers.Serializer):
    """A link by which people join a club."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    url = serializers.CharField()
    max_uses = serializers.IntegerField()
    uses = serializers.IntegerField()
    created_by = Person(allow_null=True)
    created_at = Moment()
    expires_at = Moment()


def club_data(own: Any) -> Any:
    """Return the club of a membership, which has `members_count`, in its wire form."""
    club = own.club
    return ClubData(
        {
            "slug": club.slug,
            "name": club.name,
            "description": club.description,
            "picture": picture_url(club, 150),
            "members_count": own.members_count,
            "role": own.role,
            "shares_portfolio": own.shares_portfolio,
            "is_chosen": own.is_chosen,
            "created_at": club.created_at,
        }
    ).data


def member_data(member: ClubMember) -> Any:
    return MemberData(
        {
            "user": person_of(member.user),
            "role": member.role,
            "shares_portfolio": member.shares_portfolio,
            "joined_at": member.joined_at,
        }
    ).data


def invitation_data(invitation: Invitation) -> Any:
    author = invitation.created_by
    return InvitationData(
        {
            "id": invitation.pk,
            "key": invitation.key,
            "url": absolute_url(reverse("join-club", args=[invitation.key])),
            "max_uses": invitation.max_uses,
            "uses": invitation.uses,
            "created_by": person_of(author) if author else None,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
        }
    ).data
