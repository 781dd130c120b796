"""Members who join, leave and change roles at once, on the database of the test run."""

from collections import Counter

import pytest
from django.test import override_settings
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import Club, ClubMember, Invitation
from mainapp.clubs.services.invitations import invite
from mainapp.clubs.tests.factories import make_club
from mainapp.core.tests.plans import give_plan
from mainapp.core.tests.threads import in_threads, requests_of

PEOPLE = 50
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner():
    return User.objects.create_user("owner")


@override_settings(API_REQUESTS_A_MINUTE_ADDRESS=10_000)
def join_at_once(club, owner, *, max_uses):
    """Let 50 people join by one link at once; return the number of answers of each status."""
    link = invite(club_pk=club.pk, actor=owner, at=timezone.now(), max_uses=max_uses)
    people = [User.objects.create_user(f"p{n}") for n in range(PEOPLE)]
    path = f"/api/v1/clubs/join/{link.key}/"
    calls = requests_of((person, "post", path, {}) for person in people)
    return Counter(answer.status_code for answer in in_threads(calls))


def test_a_link_for_one_person_lets_one_of_50_in(owner):
    club = make_club(owner)
    assert join_at_once(club, owner, max_uses=1) == {201: 1, 404: PEOPLE - 1}
    assert ClubMember.objects.count() == 2
    assert Invitation.objects.get().uses == 1


def test_a_club_for_ten_members_lets_nine_of_50_in(owner):
    club = make_club(owner)
    give_plan(club, club_members=(10, None))
    assert join_at_once(club, owner, max_uses=PEOPLE) == {201: 9, 403: PEOPLE - 9}
    assert ClubMember.objects.count() == 10
    assert Invitation.objects.get().uses == 9


@override_settings(API_REQUESTS_A_MINUTE_ADDRESS=10_000)
@pytest.mark.parametrize("act", ["leave", "step down", "demote", "remove"])
def test_two_owners_never_leave_a_club_without_one(act):
    calls = []
    for n in range(8):
        pair = [User.objects.create_user(f"o{n}.{side}") for side in (0, 1)]
        club = make_club(pair[0])
        ClubMember.objects.create(club=club, user=pair[1], role="owner", joined_at=timezone.now())
        for actor, other in (pair, pair[::-1]):
            person = other if act in ("demote", "remove") else actor
            path = f"/api/v1/clubs/{club.slug}/members/{person.pk}/"
            method = "delete" if act in ("leave", "remove") else "patch"
            calls.append((actor, method, path, {"role": "member"} if method == "patch" else {}))
    answers = Counter(answer.status_code // 100 for answer in in_threads(requests_of(calls)))
    assert answers == {2: 8, 4: 8}
    owners = ClubMember.objects.filter(role="owner", club__in=Club.objects.all())
    assert sorted(owners.values_list("club", flat=True)) == sorted(
        Club.objects.values_list("pk", flat=True)
    )
