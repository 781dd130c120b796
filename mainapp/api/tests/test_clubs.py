"""`clubs/`: members use them; for others a club's answers equal those of no club."""

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import Club, ClubMember, Invitation
from mainapp.clubs.tests.factories import make_club
from mainapp.market.models import Watchlist
from mainapp.market.tests.factories import StockFactory

pytestmark = pytest.mark.database_independent

CLUBS = "/api/v1/clubs/"


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol", access_level="admin")


@pytest.fixture
def club(alice, bob):
    return make_club(alice, bob, name="Ventos")


@pytest.fixture
def call(client):
    def call_(user, method, path, data=None):
        client.force_login(user)
        return getattr(client, method)(
            f"{CLUBS}{path}", data or {}, content_type="application/json"
        )

    return call_


def test_a_club_is_founded_joined_and_left(call, alice, bob):
    made = call(alice, "post", "", {"name": "Ventos", "description": "Quinta"})
    assert made.status_code == 201
    slug = made.json()["slug"]
    assert made.json() | {"created_at": ""} == {
        "slug": slug, "name": "Ventos", "description": "Quinta", "picture": None,
        "members_count": 1, "role": "owner", "shares_portfolio": False, "is_chosen": False,
        "created_at": "",
    }  # fmt: skip

    link = call(alice, "post", f"{slug}/invitations/", {"days": 1, "max_uses": 2}).json()
    assert link["url"].endswith(f"/clubes/convite/{link['key']}/")
    statuses = [call(bob, "post", f"join/{link['key']}/").status_code for _time in range(2)]
    assert statuses == [201, 200]
    listed = call(bob, "get", "").json()["results"]
    assert [(row["slug"], row["role"], row["members_count"]) for row in listed] == [
        (slug, "member", 2)
    ]

    members = f"{slug}/members/{bob.pk}/"
    assert call(bob, "patch", slug + "/", {"shares_portfolio": True}).json()["shares_portfolio"]
    assert call(alice, "patch", members, {"role": "manager"}).json()["role"] == "manager"
    assert call(alice, "delete", f"{slug}/invitations/{link['id']}/").status_code == 204
    assert call(bob, "delete", members).status_code == 204
    assert call(bob, "get", f"{slug}/").status_code == 404
    assert call(alice, "delete", f"{slug}/").status_code == 204
    assert Club.objects.get().archived_at


def test_texts_and_own_settings_are_changed_together(call, club, alice, bob):
    body = {"name": "Marés", "is_chosen": True}
    changed = call(alice, "patch", f"{club.slug}/", body).json()
    assert (changed["name"], changed["is_chosen"]) == ("Marés", True)
    whole = call(alice, "get", f"{club.slug}/").json()
    assert call(alice, "patch", f"{club.slug}/", whole).status_code == 200

    refused = call(bob, "patch", f"{club.slug}/", {"name": "Meu"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    unknown = call(alice, "patch", f"{club.slug}/", {"owner": 1})
    assert (unknown.status_code, [*unknown.json()["fields"]]) == (400, ["owner"])


def test_the_last_owner_stays(call, club, alice):
    own = f"{club.slug}/members/{alice.pk}/"
    for answer in (call(alice, "delete", own), call(alice, "patch", own, {"role": "member"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert ClubMember.objects.get(user=alice).role == "owner"


def test_the_list_is_read_by_members_and_changed_by_managers(call, club, alice, bob):
    for symbol in ("PETR4", "VALE3", "MGLU3"):
        StockFactory(symbol=symbol)
    path = f"{club.slug}/list/"
    nothing = {"id": None, "name": "", "symbols": [], "unknown": []}
    assert call(bob, "get", path).json() == nothing
    assert call(bob, "patch", path, {"add": ["PETR4"]}).status_code == 403
    assert not Watchlist.objects.exists()

    made = call(alice, "patch", path, {"add": ["petr4", "MGLU3", "NADA3"]}).json()
    assert (made["name"], made["symbols"]) == ("Ventos", ["PETR4", "MGLU3"])
    assert made["unknown"] == ["NADA3"]
    body = {"add": ["VALE3"], "remove": ["MGLU3"], "order": ["VALE3"]}
    assert call(alice, "patch", path, body).json()["symbols"] == ["VALE3", "PETR4"]
    assert call(bob, "get", path).json()["symbols"] == ["VALE3", "PETR4"]
    assert call(alice, "patch", path, {"name": "Outro"}).status_code == 400


def test_a_club_answers_strangers_like_none(call, club, alice, carol):
    made = call(alice, "post", f"{club.slug}/invitations/").json()
    paths = {
        "": ("get", "patch", "delete"),
        "list/": ("get", "patch"),
        "members/": ("get",),
        f"members/{alice.pk}/": ("patch", "delete"),
        "invitations/": ("get", "post"),
        f"invitations/{made['id']}/": ("delete",),
    }
    for path, methods in paths.items():
        for method in methods:
            foreign = call(carol, method, f"{club.slug}/{path}")
            missing = call(carol, method, f"nothing/{path}")
            assert foreign.status_code == missing.status_code == 404, (method, path)
            assert foreign.content == missing.content
    assert call(carol, "get", "").json()["count"] == 0
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_ids_of_another_club_change_nothing(call, club, alice, bob, carol):
    other = make_club(carol, alice)
    made = call(carol, "post", f"{other.slug}/invitations/").json()

    foreign = (
        call(alice, "delete", f"{club.slug}/invitations/{made['id']}/"),
        call(alice, "delete", f"{club.slug}/members/{carol.pk}/"),
        call(alice, "patch", f"{club.slug}/members/{carol.pk}/", {"role": "member"}),
    )
    assert [answer.status_code for answer in foreign] == [404, 404, 404]
    assert call(bob, "get", f"{club.slug}/invitations/").status_code == 403
    assert Invitation.objects.get().revoked_at is None
    assert ClubMember.objects.get(club=other, user=carol).role == "owner"


def test_unknown_and_void_links_have_one_answer(call, club, alice, carol):
    made = call(alice, "post", f"{club.slug}/invitations/").json()
    Invitation.objects.update(expires_at=timezone.now())
    void, unknown = (call(carol, "post", f"join/{key}/") for key in (made["key"], "nothing"))

    assert void.status_code == unknown.status_code == 404
    assert void.content == unknown.content


def test_lists_make_a_fixed_number_of_queries(call, club, alice, queries):
    counts = []
    for more in (2, 25):
        users = User.objects.bulk_create(User(username=f"u{more}-{n}") for n in range(more))
        now = timezone.now()
        ClubMember.objects.bulk_create(
            ClubMember(club=club, user=user, joined_at=now) for user in users
        )
        for _n in range(more):
            make_club(alice)
        made = []
        for path in ("", f"{club.slug}/members/", f"{club.slug}/invitations/"):
            call(alice, "get", path)
            queries.clear()
            call(alice, "get", path)
            made.append(sum("session" not in query for query in queries))
        counts.append(made)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 9
