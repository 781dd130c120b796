"""A club full of canaries: to everybody outside, it and all of it never existed."""

import logging
import sys

import pytest

from tests.club_canary import (
    CANARY_TEXTS,
    OUTSIDERS,
    PK,
    Outsider,
    make_club_world,
    private_models,
    scoped_models,
)

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
LIMITS = (
    "API_REQUESTS_A_MINUTE_ADDRESS",
    "API_REQUESTS_A_MINUTE_USER",
    "PAGES_A_MINUTE_ADDRESS",
    "PAGES_A_MINUTE_USER",
    "UPLOADS_A_DAY",
)


@pytest.fixture(autouse=True)
def _environment(settings, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    settings.MEDIA_ROOT = tmp_path
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    for name in LIMITS:
        setattr(settings, name, 1_000_000)


@pytest.fixture
def world(db):
    return make_club_world()


def test_the_club_has_a_row_of_every_private_model(world):
    missing = [model._meta.label for model in private_models() if not _exists(model)]
    assert missing == []


@pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model.__name__)
@pytest.mark.parametrize("person", OUTSIDERS)
def test_the_rows_of_a_model_are_visible_to_members_only(person, model, world):
    visible = model.objects.visible_to(world.user(person))
    assert not visible.filter(pk=PK).exists()
    assert model.objects.visible_to(world.user("ana")).filter(pk=PK).exists()


@pytest.mark.parametrize("person", OUTSIDERS)
def test_no_answer_to_an_outsider_shows_that_the_club_exists(person, world, capsys):
    outsider = Outsider(person, world.users.get(person))
    outsider.try_everything(world.users["beto"])

    with capsys.disabled():
        sys.stdout.write(f"{person}: {outsider.requests} requests, ")
        sys.stdout.write(f"{len(outsider.leaks)} leaks, {len(outsider.differing)} differing\n")
    assert not outsider.leaks, "\n".join(outsider.leaks)
    assert not outsider.differing, "\n".join(outsider.differing)


def test_the_same_requests_find_the_club_for_a_member(world):
    """Check the run itself."""
    member = Outsider("beto", world.users["beto"])
    member.try_everything(world.users["ana"])
    found = " ".join(member.leaks)
    for place in CANARY_TEXTS:
        assert place in found, member.leaks


def _exists(model):
    return model._base_manager.filter(pk=PK).exists()
