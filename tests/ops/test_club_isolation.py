"""Isolation of a club full of canaries: for outsiders the club and its content do not exist.

Planted leaks prove that the run finds leaks and names their places.
"""

import logging
import re

import pytest
from django.test import override_settings

from conftest import flush_redis
from mainapp.clubs.models import ClubMember
from mainapp.clubs.selectors.clubs import membership
from mainapp.ideas.models import Idea, IdeaQuerySet
from tests.canary import rolled_back
from tests.club_canary import (
    CANARY_TEXTS,
    OUTSIDERS,
    PK,
    SLUG,
    leaking_models,
    make_club_world,
    private_models,
    scoped_models,
)
from tests.club_requests import Outsider, Tally, addresses

pytestmark = pytest.mark.timeout(300)
# Limits that thousands of requests of one person and address would reach.
LIMITS = (
    *("API_REQUESTS_A_MINUTE_ADDRESS", "API_REQUESTS_A_MINUTE_USER"),
    *("PAGES_A_MINUTE_ADDRESS", "PAGES_A_MINUTE_USER", "UPLOADS_A_DAY"),
)


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker):
    """One transaction for all tests of the module, which roll back what they change."""
    with django_db_blocker.unblock(), rolled_back():
        yield


@pytest.fixture(scope="module")
def world(db, tmp_path_factory):
    values = dict.fromkeys(LIMITS, 1_000_000) | {"ACCOUNT_EMAIL_VERIFICATION": "none"}
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"), **values):
        flush_redis()
        yield make_club_world()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)  # thousands of lines


def test_the_club_has_a_row_of_every_private_model(world):
    missing = [model._meta.label for model in private_models() if not _exists(model)]
    assert missing == []


@pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model.__name__)
def test_the_rows_of_a_model_are_visible_to_members_only(model, world, tally):
    tally.models.add(model.__name__)
    assert leaking_models(world, [model]) == []
    seen = [model.objects.visible_to(world.user(person)) for person in ("ana", "beto")]
    assert any(rows.filter(pk=PK).exists() for rows in seen)


@pytest.mark.parametrize("person", OUTSIDERS)
def test_no_answer_reveals_the_club_to_an_outsider(person, world, tally):
    outsider = Outsider(person, world.users.get(person), tally)
    outsider.compare_everything(world.users["beto"])
    assert not outsider.leaks, "\n".join(outsider.leaks)


def test_the_same_requests_reveal_the_club_to_a_member(world):
    """Check the test run itself."""
    member = Outsider("beto", world.users["beto"], Tally())
    member.request_everything(world.users["ana"])
    found = " ".join(member.shown)
    for place in CANARY_TEXTS:
        assert place in found, member.shown


def test_a_model_that_shows_everything_is_reported(world, monkeypatch):
    monkeypatch.setattr(IdeaQuerySet, "visible_to", lambda rows, _user: rows.all())
    models = ("Idea", "IdeaComment")  # comments are visible with their idea
    assert leaking_models(world, scoped_models()) == [
        f"{model}: {person} sees a row" for model in models for person in OUTSIDERS
    ]


def test_a_model_without_visible_to_is_reported(world, monkeypatch):
    monkeypatch.delattr(type(Idea.objects), "visible_to")
    assert Idea in scoped_models()
    assert leaking_models(world, [Idea]) == ["Idea has no visible_to"]


def test_pages_that_skip_the_membership_are_reported(world, monkeypatch):
    monkeypatch.setattr("mainapp.clubs.middleware.membership", any_membership)
    found = leaks_by_request(world, lambda path: not path.startswith("/api/"))
    # The views of two pages check the membership again, and there is no such picture.
    pages = ("ideias", "denunciar", "imagem/nothing/150")
    guarded = {f"get /clube/{SLUG}/{page}/" for page in pages}
    assert found.keys() | guarded >= get_requests(world, f"/clube/{SLUG}/")
    assert [found[place] for place in found if f" /clube/{SLUG}/" not in place] == []


def test_operations_that_skip_the_membership_are_reported(world, monkeypatch):
    monkeypatch.setattr("mainapp.api.views.clubs.membership", any_membership)
    found = leaks_by_request(world, lambda path: path.startswith("/api/"))
    club = f"/api/v1/clubs/{SLUG}/"
    assert found.keys() >= {f"get {club}", f"get {club}members/", f"get {club}invitations/"}
    # The club's quotas have its slug in the query.
    elsewhere = [place for place in found if f" {club}" not in place and "/usage/" not in place]
    assert [found[place] for place in elsewhere] == []


def any_membership(slug, _user):
    """Plant a leak: return the membership of an owner for everybody."""
    return membership(slug, ClubMember.objects.get(club__slug=slug, role="owner").user)


def leaks_by_request(world, wanted):
    """Return the leaks to a stranger by the requests, such as "get /clube/secreto/"."""
    stranger = Outsider("stranger", world.users["stranger"], Tally())
    stranger.compare_everything(world.users["beto"], wanted)
    return {re.split("[ (:]{2}", leak)[0]: leak for leak in stranger.leaks}


def get_requests(world, prefix):
    return {
        f"get {address.path}"
        for address in addresses(world.users["beto"])
        if address.path.startswith(prefix) and "get" in address.methods
    }


def _exists(model):
    return model._base_manager.filter(pk=PK).exists()
