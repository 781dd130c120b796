"""Roles, leaving, removal, and the deletion of accounts."""

import pytest
from django.db import transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.services.deletion import delete_account
from mainapp.clubs.exceptions import ClubGone, Forbidden, Invalid, LastOwner
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.services.members import (
    change_role,
    leave_club,
    remove_member,
    share_portfolio,
)
from mainapp.clubs.signals import members_changed
from mainapp.clubs.tests.factories import make_club
from mainapp.core.exceptions import DomainError

NOW = timezone.now()


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


@pytest.fixture
def club(alice, bob, carol):
    return make_club(alice, carol, managers=(bob,))


@pytest.fixture
def changes():
    received = []

    def receive(*, club_pk, joined, left, **_signal):
        received.append((club_pk, [*joined], [*left]))

    members_changed.connect(receive)
    yield received
    members_changed.disconnect(receive)


def members(club):
    return dict(ClubMember.objects.filter(club=club).values_list("user__username", "role"))


def test_owners_change_roles(club, alice, bob, carol):
    change_role(club_pk=club.pk, actor=alice, user_pk=carol.pk, role="owner", at=NOW)
    change_role(club_pk=club.pk, actor=carol, user_pk=alice.pk, role="member", at=NOW)

    assert members(club) == {"alice": "member", "bob": "manager", "carol": "owner"}
    with pytest.raises(Forbidden):
        change_role(club_pk=club.pk, actor=bob, user_pk=alice.pk, role="manager", at=NOW)
    with pytest.raises(Invalid):
        change_role(club_pk=club.pk, actor=carol, user_pk=bob.pk, role="king", at=NOW)


def test_the_last_owner_neither_leaves_nor_steps_down(club, alice, carol):
    with pytest.raises(LastOwner):
        leave_club(club_pk=club.pk, user=alice)
    with pytest.raises(LastOwner):
        change_role(club_pk=club.pk, actor=alice, user_pk=alice.pk, role="member", at=NOW)
    change_role(club_pk=club.pk, actor=alice, user_pk=alice.pk, role="owner", at=NOW)
    assert members(club)["alice"] == "owner"

    change_role(club_pk=club.pk, actor=alice, user_pk=carol.pk, role="owner", at=NOW)
    leave_club(club_pk=club.pk, user=alice)
    assert members(club) == {"bob": "manager", "carol": "owner"}


def test_managers_remove_members_and_owners_everybody_else(club, alice, bob, carol, changes):
    for actor, target in ((bob, alice), (carol, bob), (alice, alice)):
        with pytest.raises(Forbidden):
            remove_member(club_pk=club.pk, actor=actor, user_pk=target.pk, at=NOW)
    assert changes == []

    remove_member(club_pk=club.pk, actor=bob, user_pk=carol.pk, at=NOW)
    remove_member(club_pk=club.pk, actor=alice, user_pk=bob.pk, at=NOW)
    assert members(club) == {"alice": "owner"}
    assert changes == [(club.pk, [], [carol.pk]), (club.pk, [], [bob.pk])]
    with pytest.raises(Invalid):
        remove_member(club_pk=club.pk, actor=alice, user_pk=bob.pk, at=NOW)


def test_strangers_change_nothing(club, alice, bob):
    stranger = User.objects.create_user("eve")
    with pytest.raises(ClubGone):
        remove_member(club_pk=club.pk, actor=stranger, user_pk=bob.pk, at=NOW)
    with pytest.raises(ClubGone):
        change_role(club_pk=club.pk, actor=stranger, user_pk=stranger.pk, role="owner", at=NOW)
    with pytest.raises(ClubGone):
        leave_club(club_pk=club.pk, user=stranger)
    with pytest.raises(ClubGone):
        share_portfolio(club_pk=club.pk, user=stranger, is_on=True)
    assert len(members(club)) == 3


def test_the_consent_can_be_withdrawn(club, carol):
    own = ClubMember.objects.get(club=club, user=carol)
    for is_on in (True, True, False):
        share_portfolio(club_pk=club.pk, user=carol, is_on=is_on)
        own.refresh_from_db()
        assert own.shares_portfolio is is_on


def test_the_last_owner_of_a_club_with_others_cannot_be_deleted(club, alice, bob):
    with pytest.raises(DomainError, match="único dono"):
        delete_account(user=alice)
    with pytest.raises(DomainError), transaction.atomic():
        User.objects.get(pk=alice.pk).delete()
    assert User.objects.filter(pk=alice.pk).exists()

    change_role(club_pk=club.pk, actor=alice, user_pk=bob.pk, role="owner", at=NOW)
    delete_account(user=alice)
    assert members(club) == {"bob": "owner", "carol": "member"}


def test_a_club_without_others_is_deleted_with_its_owner(alice, bob):
    make_club(alice)
    remaining_club = make_club(bob, alice)
    delete_account(user=alice)

    assert [*Club.objects.all()] == [remaining_club]


def test_a_deleted_club_does_not_prevent_the_deletion_of_its_owner(club, alice):
    Club.objects.update(archived_at=NOW)
    delete_account(user=alice)
    assert not Club.objects.exists()


def test_the_admin_gives_the_reason_why_an_owner_is_not_deleted(club, alice, client):
    client.force_login(User.objects.create_superuser("root"))
    for path, data in (
        (f"{alice.pk}/delete/", {}),
        ("", {"action": "delete_selected", "_selected_action": [alice.pk]}),
    ):
        answer = client.post(f"/admin/accounts/user/{path}", {"post": "yes"} | data, follow=True)
        assert "único dono" in answer.content.decode()
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_deactivated_owner_is_no_other_owner(club, alice, bob):
    """They can do nothing: without alice nobody could give roles or delete the club."""
    ClubMember.objects.filter(user=bob).update(role="owner")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        leave_club(club_pk=club.pk, user=alice)
    with pytest.raises(LastOwner):
        change_role(club_pk=club.pk, actor=alice, user_pk=alice.pk, role="member", at=NOW)
    with pytest.raises(DomainError, match="único dono"):
        delete_account(user=alice)
