"""Pages of clubs, as members and others see them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import Club, ClubMember, Invitation
from mainapp.clubs.services.invitations import invite
from mainapp.clubs.tests.factories import make_club
from mainapp.core.models import Plan
from mainapp.core.search import search
from mainapp.moderation.models import Case
from mainapp.moderation.services.complaints import complain, decide_case
from mainapp.moderation.subjects import moderates

pytestmark = pytest.mark.database_independent

NOW = timezone.now()


@pytest.fixture
def club(alice, bob):
    return make_club(alice, bob, name="Clube dos Ventos", description="Segredo")


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


def page(client, name, *args):
    return client.get(reverse(name, args=args))


def fill(club, count, first=0):
    names = [f"u{n}" for n in range(first, first + count)]
    users = User.objects.bulk_create(User(username=name) for name in names)
    ClubMember.objects.bulk_create(
        ClubMember(club=club, user=user, joined_at=NOW) for user in users
    )


def test_a_club_is_created_and_shown(client, alice):
    client.force_login(alice)
    answer = client.post(reverse("novo-clube"), {"name": "Ventos", "description": "Quinta"})

    club = Club.objects.get()
    assert answer.url == club.get_absolute_url()
    text = page(client, "club", club.slug).content.decode()
    assert "Ventos" in text
    assert "Por enquanto só você está aqui" in text
    assert "Ventos" in page(client, "clubes").content.decode()


def test_opening_an_invitation_changes_nothing_and_posting_joins(client, club, alice, carol):
    invitation = invite(club_pk=club.pk, actor=alice, at=NOW)
    address = reverse("join-club", args=[invitation.key])
    client.force_login(carol)

    assert "Clube dos Ventos" in client.get(address).content.decode()
    client.head(address)
    assert Invitation.objects.get().uses == 0
    assert not ClubMember.objects.filter(user=carol).exists()

    assert client.post(address).url == club.get_absolute_url()
    assert client.post(address).url == club.get_absolute_url()
    assert Invitation.objects.get().uses == 1


def test_members_leave_and_the_club_is_gone_for_them(client, club, bob):
    client.force_login(bob)
    client.post(reverse("leave-club", args=[club.slug]))

    assert page(client, "club", club.slug).status_code == 404
    assert "Clube dos Ventos" not in page(client, "clubes").content.decode()


def test_pages_offer_only_the_actions_of_a_role(client, club, bob):
    client.force_login(bob)
    text = page(client, "club", club.slug).content.decode()
    names = ["edit-club", "club-invitations", "club-moderation", "delete-club"]

    assert [name for name in names if reverse(name, args=[club.slug]) in text] == []


def test_a_profile_shows_shared_clubs_only(client, club, alice, bob, carol):
    own = make_club(alice, name="Outro Clube")
    client.force_login(bob)
    text = page(client, "user-profile", alice.pk).content.decode()
    assert "Clube dos Ventos" in text
    assert own.name not in text

    client.force_login(carol)
    text = page(client, "user-profile", alice.pk).content.decode()
    assert "Clube" not in text.split("<main", 1)[1]


def test_the_search_finds_clubs_of_the_reader_only(club, alice, carol):
    def titles(user):
        return [
            found.title for group in search("ventos", user=user, limit=5) for found in group.results
        ]

    assert titles(alice) == ["Clube dos Ventos"]
    assert titles(carol) == []


def test_pages_make_a_fixed_number_of_queries(client, club, alice, queries):
    addresses = {"clubes": [], "club": [club.slug], "club-members": [club.slug]}
    client.force_login(alice)
    counts = []
    for more in (3, 27):
        fill(club, more, first=10 * more)
        for n in range(more):
            make_club(alice, name=f"Mais um {n}")
        made = {}
        for name, arguments in addresses.items():
            page(client, name, *arguments)
            queries.clear()
            page(client, name, *arguments)
            made[name] = len(queries)
        counts.append(made)
    assert (counts[0]["clubes"], counts[0]["club-members"]) == (5, 5)
    assert counts[0] == counts[1]


def test_managers_moderate_what_belongs_to_the_club(club, alice, bob, carol):
    scope = f"club:{club.pk}"
    assert [moderates(user, scope) for user in (alice, bob, carol)] == [True, False, False]
    Club.objects.update(archived_at=NOW)
    assert not moderates(alice, scope)


def test_a_complaint_about_a_club_brings_staff_a_copy_only(client, club, bob, carol):
    client.force_login(bob)
    client.post(reverse("report-club", args=[club.slug]), {"category": "spam"})
    case = Case.objects.get()
    assert (case.is_private, case.place, case.scope) == (True, "", "")

    staff = User.objects.create_user("staff", access_level="support")
    client.force_login(staff)
    assert "Ventos" not in page(client, "complaints").content.decode()
    assert "Ventos" not in page(client, "complaint", case.pk).content.decode()
    assert page(client, "club", club.slug).status_code == 404
    copy = client.post(reverse("complaint-copy", args=[case.pk])).content.decode()
    assert "Clube dos Ventos" in copy

    decide_case(pk=case.pk, revision=case.revision, decision="removed", actor=staff, at=NOW)
    assert Club.objects.get().archived_at == NOW
    with pytest.raises(Exception, match="não pode"):
        complain(kind="club", pk=club.pk, reporter=carol, at=NOW)


def test_the_admin_shows_limits_and_no_text(client, club):
    client.force_login(User.objects.create_superuser("root"))
    for path in ("", f"{club.pk}/change/", f"{club.pk}/history/"):
        answer = client.get(f"/admin/clubs/club/{path}")
        assert answer.status_code == 200
        for secret in ("Ventos", "Segredo", club.slug):
            assert secret not in answer.content.decode(), path

    plan = Plan.objects.create(name="Grande")
    client.post(f"/admin/clubs/club/{club.pk}/change/", {"plan": plan.pk})
    club.refresh_from_db()
    assert (club.plan, club.name) == (plan, "Clube dos Ventos")
