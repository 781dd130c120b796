"""`clubs/`: the user's clubs, their members and invitations, and joining by a link."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.clubs import (
    ClubChange,
    ClubData,
    ClubInput,
    InvitationData,
    InvitationInput,
    MemberChange,
    MemberData,
    club_data,
    invitation_data,
    member_data,
)
from mainapp.api.serializers.common import NoFields
from mainapp.api.views.base import ApiView, valid
from mainapp.api.views.chats import EndingView
from mainapp.clubs.exceptions import ClubGone, Forbidden
from mainapp.clubs.models import ClubMember
from mainapp.clubs.selectors.clubs import membership, memberships_of
from mainapp.clubs.selectors.invitations import valid_invitations
from mainapp.clubs.selectors.members import member_of, ranked_members
from mainapp.clubs.services.clubs import choose_club, create_club, delete_club, update_club
from mainapp.clubs.services.invitations import invite, join_club, revoke_invitation
from mainapp.clubs.services.members import (
    change_role,
    leave_club,
    remove_member,
    share_portfolio,
)
from mainapp.core.paths import missing_as_404

TEXTS = ("name", "description", "filtered_words")


class ClubsView(ApiView):
    """The user's clubs, and founding one."""

    serializer_class = ClubInput
    pagination_class = Pages

    @extend_schema(responses={200: ClubData(many=True)})
    def get(self, request: Any) -> Response:
        page: list[ClubMember] = self.paginate_queryset(memberships_of(request.user))
        return self.get_paginated_response([club_data(own) for own in page])

    @extend_schema(responses={201: ClubData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        club = create_club(founder=request.user, at=timezone.now(), **data)
        return Response(club_data(own_or_404(club.slug, request.user)), 201)


class ClubView(EndingView):
    """One club: its texts, one's own settings in it, and deleting it."""

    serializer_class = ClubChange

    @extend_schema(responses={200: ClubData})
    def get(self, request: Any, slug: str) -> Response:
        return Response(club_data(own_or_404(slug, request.user)))

    @extend_schema(responses={200: ClubData})
    def patch(self, request: Any, slug: str) -> Response:
        own = own_or_404(slug, request.user)
        context = self.get_serializer_context() | {"current": club_data(own)}
        data = valid(ClubChange(data=request.data, context=context))
        if texts := {name: data[name] for name in TEXTS if name in data}:
            update_club(club_pk=own.club_id, actor=request.user, at=timezone.now(), **texts)
        if "shares_portfolio" in data:
            is_on = data["shares_portfolio"]
            share_portfolio(club_pk=own.club_id, user=request.user, is_on=is_on)
        if data.get("is_chosen", own.is_chosen) != own.is_chosen:
            club_pk = own.club_id if data["is_chosen"] else None
            choose_club(user=request.user, club_pk=club_pk)
        return Response(club_data(own_or_404(slug, request.user)))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, slug: str) -> Response:
        own = own_or_404(slug, request.user)
        delete_club(club_pk=own.club_id, actor=request.user, at=timezone.now())
        return Response(status=204)


class MembersView(ApiView):
    """The members of a club, owners and managers first."""

    pagination_class = Pages
    serializer_class = NoFields

    @extend_schema(responses={200: MemberData(many=True)})
    def get(self, request: Any, slug: str) -> Response:
        own = own_or_404(slug, request.user)
        page: list[ClubMember] = self.paginate_queryset(ranked_members(own.club))
        return self.get_paginated_response([member_data(member) for member in page])


class MemberView(EndingView):
    """A member's role, and removing a member or, by one's own id, leaving."""

    serializer_class = MemberChange

    @extend_schema(responses={200: MemberData})
    def patch(self, request: Any, slug: str, pk: int) -> Response:
        club, actor = own_or_404(slug, request.user).club, request.user
        self._check_member(club, pk)
        role = valid(self.get_serializer(data=request.data))["role"]
        at = timezone.now()
        change_role(club_pk=club.pk, actor=actor, user_pk=pk, role=role, at=at)
        return Response(member_data(member_of(club, pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, slug: str, pk: int) -> Response:
        club = own_or_404(slug, request.user).club
        self._check_member(club, pk)
        if pk == request.user.pk:
            leave_club(club_pk=club.pk, user=request.user)
        else:
            remove_member(club_pk=club.pk, actor=request.user, user_pk=pk, at=timezone.now())
        return Response(status=204)

    def _check_member(self, club: Any, pk: int) -> None:
        with missing_as_404():
            member_of(club, pk)


class InvitationsView(ApiView):
    """The valid links of a club, and making one; for its managers."""

    serializer_class = InvitationInput
    pagination_class = Pages

    @extend_schema(responses={200: InvitationData(many=True)})
    def get(self, request: Any, slug: str) -> Response:
        own = managed_or_403(slug, request.user)
        rows = valid_invitations(at=timezone.now()).filter(club=own.club_id)
        page = self.paginate_queryset(rows.select_related("created_by"))
        return self.get_paginated_response([invitation_data(row) for row in page])

    @extend_schema(responses={201: InvitationData})
    def post(self, request: Any, slug: str) -> Response:
        own = own_or_404(slug, request.user)
        data = valid(self.get_serializer(data=request.data))
        made = invite(club_pk=own.club_id, actor=request.user, at=timezone.now(), **data)
        return Response(invitation_data(made), 201)


class InvitationView(ApiView):
    """Make a link void."""

    serializer_class = NoFields

    @extend_schema(responses={204: None})
    def delete(self, request: Any, slug: str, pk: int) -> Response:
        own = managed_or_403(slug, request.user)
        revoke_invitation(club_pk=own.club_id, actor=request.user, pk=pk, at=timezone.now())
        return Response(status=204)


class JoinClubView(ApiView):
    """Join a club by the key of a link. A member joins again without effect."""

    serializer_class = NoFields

    @extend_schema(responses={200: ClubData, 201: ClubData})
    def post(self, request: Any, key: str) -> Response:
        valid(self.get_serializer(data=request.data))
        club, is_new = join_club(key=key, user=request.user, at=timezone.now())
        return Response(club_data(own_or_404(club.slug, request.user)), 201 if is_new else 200)


def own_or_404(slug: str, user: Any) -> ClubMember:
    """Return a user's membership in a club, as every operation of a club begins.

    Raises: ClubGone, as for a club that never existed.
    """
    try:
        return membership(slug, user)
    except ClubMember.DoesNotExist:
        raise ClubGone from None


def managed_or_403(slug: str, user: Any) -> ClubMember:
    """Return the membership of a user who manages a club. Raises: ClubGone, Forbidden."""
    own = own_or_404(slug, user)
    if not own.manages:
        raise Forbidden
    return own
