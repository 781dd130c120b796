"""The shared watchlist of a club."""

import json

import pytest

from mainapp.accounts.models import User
from mainapp.clubs.models import ClubMember
from mainapp.clubs.services.members import remove_member
from mainapp.clubs.tests.factories import make_club
from mainapp.core.audience import key_of
from mainapp.market.models import Watchlist
from mainapp.market.selectors.watchlists import lists_of, symbols_of
from mainapp.market.services.watchlists import create_list, create_shared_list
from mainapp.market.tests.factories import NOON, StockFactory


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol")


@pytest.fixture
def club(alice, bob, carol):
    """A club that alice owns, carol manages, and of which bob is a member."""
    return make_club(alice, bob, managers=(carol,))


@pytest.fixture
def shared(club):
    for symbol in ("PETR4", "VALE3", "WEGE3"):
        StockFactory(symbol=symbol)
    audience = key_of("club", club.pk)
    return create_shared_list(audience=audience, name="Nosso radar", symbols=["PETR4", "VALE3"])


def edit(client, watchlist, **changes):
    path = f"/watchlists/{watchlist.pk}/symbols/"
    return client.post(path, json.dumps(changes), content_type="application/json")


def test_members_see_the_list_as_a_tab_and_only_managers_change_it(shared, bob, carol, client):
    client.force_login(bob)
    page = client.get(f"/stocktracker?list={shared.pk}").content.decode()
    assert "Nosso radar" in page
    assert "PETR4" in page
    assert "data-own" not in page
    assert client.get(f"/watchlists/{shared.pk}/symbols/").json() == {"symbols": ["PETR4", "VALE3"]}
    assert edit(client, shared, add=["WEGE3"]).status_code == 404
    for path in ("edit", "rename", "delete", "link", "make-current"):
        assert (
            client.post(f"/watchlists/{shared.pk}/{path}/", {"remove": "PETR4"}).status_code == 404
        )
    assert client.get(f"/watchlists/{shared.pk}/").status_code == 404
    client.force_login(carol)
    assert edit(client, shared, add=["WEGE3"], remove=["PETR4"]).json()["symbols"] == [
        "VALE3",
        "WEGE3",
    ]
    assert "data-own" in client.get(f"/stocktracker?list={shared.pk}").content.decode()
    page = client.get(f"/watchlists/{shared.pk}/").content.decode()
    assert shared.share_key not in page


def test_outsiders_and_former_members_get_answers_of_a_missing_list(
    shared, club, alice, bob, client
):
    User.objects.create_superuser("root")
    remove_member(club_pk=club.pk, actor=alice, user_pk=bob.pk, at=NOON)
    for name in ("bob", "root"):
        client.force_login(User.objects.get(username=name))
        for path in ("/stocktracker?list={}", "/stocktracker/export?list={}", "/watchlists/{}/"):
            foreign, missing = (client.get(path.format(pk)) for pk in (shared.pk, 999_999))
            assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert client.get(f"/watchlists/{shared.pk}/symbols/").status_code == 404
    assert client.get(f"/lists/{shared.share_key}/").status_code == 404
    assert client.post(f"/lists/{shared.share_key}/copy/").status_code == 404
    assert [watchlist.name for watchlist in lists_of(bob)] == []


def test_a_clubs_list_is_never_the_default_list(shared, bob, client):
    client.force_login(bob)
    assert "data-shared" not in client.get("/stocktracker").content.decode()
    own = create_list(owner=bob, name="Zebra", symbols=["WEGE3"])
    assert [watchlist.pk for watchlist in lists_of(bob)] == [own.pk, shared.pk]


def test_managers_make_one_list_of_a_club(club, alice, bob, client):
    StockFactory(symbol="PETR4")
    path, data = f"/clube/{club.slug}/lista/", {"name": "Radar", "symbols": "petr4, nada3"}
    client.force_login(bob)
    assert client.post(path, data).status_code == 404
    client.force_login(alice)
    for _twice in range(2):
        assert client.post(path, data).status_code == 302
    new = Watchlist.objects.get()
    assert (new.audience, new.owner, symbols_of(new)) == (f"club:{club.pk}", None, ["PETR4"])
    assert "PETR4" in client.get(f"/clube/{club.slug}/").content.decode()


def test_changes_reach_the_open_pages_of_all_members(
    shared, club, alice, bob, carol, client, monkeypatch
):
    sent = []
    monkeypatch.setattr(
        "mainapp.market.services.watchlists.changing.publish_on_commit",
        lambda messages: sent.extend(message.body["user"] for message in messages),
    )
    client.force_login(alice)
    edit(client, shared, add=["WEGE3"])
    assert set(sent) == {alice.pk, bob.pk, carol.pk}
    sent.clear()
    remove_member(club_pk=club.pk, actor=alice, user_pk=bob.pk, at=NOON)
    assert sent == [bob.pk]


def test_the_list_is_deleted_with_the_club_but_not_with_a_manager(shared, club, carol):
    ClubMember.objects.get(user=carol).delete()
    carol.delete()
    assert Watchlist.objects.count() == 1
    club.delete()
    assert not Watchlist.objects.exists()
