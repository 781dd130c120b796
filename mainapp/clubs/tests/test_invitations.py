"""Invitation links: the people who can join, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.blocking import block_user
from mainapp.clubs.exceptions import Forbidden, Invalid, InvitationGone
from mainapp.clubs.models import Club, ClubMember, Invitation
from mainapp.clubs.services.invitations import invite, join_club, revoke_invitation
from mainapp.clubs.services.members import change_role, leave_club, remove_member
from mainapp.clubs.tests.factories import make_club
from mainapp.core.exceptions import DomainError
from mainapp.core.tests.plans import give_plan
from mainapp.core.tests.threads import in_threads

NOW = timezone.now()
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


@pytest.fixture
def club(alice, bob):
    return make_club(alice, bob)


@pytest.fixture
def make(club, alice):
    return lambda **options: invite(club_pk=club.pk, actor=alice, **{"at": NOW} | options)


def join(invitation, user, at=LATER):
    return join_club(key=invitation.key, user=user, at=at)


def test_a_link_lets_in_as_many_people_as_its_limit(make, club, carol):
    invitation = make()
    assert join(invitation, carol) == (club, True)
    assert ClubMember.objects.get(user=carol).role == "member"

    with pytest.raises(InvitationGone):
        join(invitation, User.objects.create_user("dave"))
    assert Invitation.objects.get().uses == 1


def test_joining_again_spends_no_use_and_keeps_the_role(make, club, alice, bob):
    invitation = make()
    for user in (alice, bob):
        assert join(invitation, user) == (club, False)

    assert Invitation.objects.get().uses == 0
    assert ClubMember.objects.get(user=alice).role == "owner"


@pytest.mark.parametrize(
    "change",
    [{"revoked_at": NOW}, {"expires_at": LATER}, {"max_uses": 0}],
    ids=["revoked", "expired", "used up"],
)
def test_void_links_let_nobody_in(make, club, carol, change):
    invitation = make()
    Invitation.objects.update(**change)
    with pytest.raises(InvitationGone):
        join(invitation, carol)
    assert not ClubMember.objects.filter(user=carol).exists()


def test_links_of_a_deleted_club_let_nobody_in(make, carol, bob):
    invitation = make()
    Club.objects.update(archived_at=NOW)
    for user in (carol, bob):
        with pytest.raises(InvitationGone):
            join(invitation, user)


def test_removal_voids_older_links_for_the_removed_member_only(make, club, alice, bob, carol):
    old = make(max_uses=9)
    remove_member(club_pk=club.pk, actor=alice, user_pk=bob.pk, at=LATER)

    with pytest.raises(InvitationGone):
        join(old, bob, at=LATER + timedelta(days=1))
    assert join(old, carol) == (club, True)
    new = make(at=LATER + timedelta(seconds=1))
    assert join(new, bob, at=LATER + timedelta(days=1)) == (club, True)


@pytest.mark.parametrize("end", ["removal", "demotion"])
def test_links_of_a_manager_end_with_the_right_to_invite(end, club, alice, bob, carol):
    change_role(club_pk=club.pk, actor=alice, user_pk=bob.pk, role="manager", at=NOW)
    by_bob = invite(club_pk=club.pk, actor=bob, max_uses=9, at=NOW)
    by_alice = invite(club_pk=club.pk, actor=alice, at=NOW)
    if end == "removal":
        remove_member(club_pk=club.pk, actor=alice, user_pk=bob.pk, at=LATER)
    else:
        change_role(club_pk=club.pk, actor=alice, user_pk=bob.pk, role="member", at=LATER)

    with pytest.raises(InvitationGone):
        join(by_bob, carol)
    assert join(by_alice, carol) == (club, True)


def test_people_who_left_can_return_by_the_same_link(make, club, bob):
    invitation = make(max_uses=9)
    leave_club(club_pk=club.pk, user=bob)
    assert join(invitation, bob) == (club, True)


def test_a_block_in_either_direction_makes_a_link_unknown(make, alice, carol):
    invitation = make()
    dave = User.objects.create_user("dave")
    block_user(blocker=alice, blocked=carol, at=NOW)
    block_user(blocker=dave, blocked=alice, at=NOW)
    for user in (carol, dave):
        with pytest.raises(InvitationGone):
            join(invitation, user)


def test_a_club_has_a_limit_of_members(make, club, carol, settings):
    invitation = make()
    give_plan(club, club_members=(2, None))
    with pytest.raises(DomainError) as refusal:
        join(invitation, carol)
    assert refusal.value.code == "limit_reached"
    assert str(refusal.value) == "Limite atingido em membros do clube: 2."
    Club.objects.update(plan=None)
    settings.CLUB_MAX_MEMBERS = 3
    assert join(invitation, carol) == (club, True)


def test_managers_make_and_revoke_links(make, club, alice, bob, carol):
    with pytest.raises(Forbidden):
        invite(club_pk=club.pk, actor=bob, at=NOW)
    for wrong in ({"days": 0}, {"days": 91}, {"max_uses": 0}, {"max_uses": 1001}):
        with pytest.raises(Invalid):
            make(**wrong)
    invitation = make()
    revoke_invitation(club_pk=club.pk, actor=alice, pk=invitation.pk, at=NOW)
    with pytest.raises(InvitationGone):
        join(invitation, carol)


# Concurrent calls ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_person_joining_by_two_links_at_once_is_one_member():
    owner, person = (User.objects.create_user(name) for name in ("owner", "person"))
    club = make_club(owner)
    links = [invite(club_pk=club.pk, actor=owner, at=NOW, max_uses=9) for _link in range(2)]
    results = in_threads([lambda n=n: join(links[n % 2], person) for n in range(10)])

    assert sorted(results, key=lambda result: result[1]) == [(club, False)] * 9 + [(club, True)]
    assert sum(Invitation.objects.values_list("uses", flat=True)) == 1


@pytest.mark.django_db(transaction=True)
def test_one_of_two_owners_who_leave_at_once_stays():
    owners = [User.objects.create_user(name) for name in ("ana", "bia")]
    club = make_club(*owners)
    ClubMember.objects.update(role="owner")
    calls = [lambda user=user: leave_club(club_pk=club.pk, user=user) for user in owners]
    results = in_threads(calls)

    assert sorted(type(result).__name__ for result in results) == ["LastOwner", "NoneType"]
    assert ClubMember.objects.get(club=club).role == "owner"
