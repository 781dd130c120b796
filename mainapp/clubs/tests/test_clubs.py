"""Creation, changes, deletion and restoration of clubs."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from mainapp.clubs.exceptions import ClubGone, Forbidden, Invalid
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.selectors.clubs import chosen_club, deleted_clubs_of
from mainapp.clubs.services.clubs import (
    choose_club,
    create_club,
    delete_club,
    ensure_sweep,
    remove_deleted_clubs,
    restore_club,
    update_club,
)
from mainapp.clubs.services.words import check_club_text
from mainapp.clubs.tests.factories import make_club
from mainapp.core.limits import RateLimited

NOW = timezone.now()


@pytest.fixture
def club(alice, bob):
    return make_club(alice, bob)


def test_the_founder_of_a_club_is_its_owner(alice):
    club = create_club(founder=alice, name=" Clube\u200b da  Ana ", at=NOW)

    assert club.name == "Clube da Ana"
    assert club.slug.startswith("clube-da-ana-")
    own = ClubMember.objects.get()
    assert (own.club, own.user, own.role) == (club, alice, "owner")


def test_a_slug_does_not_show_that_a_name_is_taken(alice, bob):
    slugs = {create_club(founder=user, name="Ações", at=NOW).slug for user in (alice, bob)}

    assert {len(slug) for slug in slugs} == {len("acoes-12345678")}
    assert len(slugs) == 2


def test_a_name_without_latin_letters_has_a_slug_too(alice):
    assert create_club(founder=alice, name="日本", at=NOW).slug.startswith("clube-")


@pytest.mark.parametrize(
    "texts", [{"name": " \u200b"}, {"name": "x" * 61}, {"description": "\u202e"}]
)
def test_invalid_texts_are_refused(alice, texts):
    with pytest.raises(Invalid):
        create_club(founder=alice, at=NOW, **{"name": "Clube"} | texts)
    assert not Club.objects.exists()


def test_the_number_of_new_clubs_a_day_is_limited(alice, settings):
    settings.CLUBS_A_DAY = 1
    create_club(founder=alice, name="Um", at=NOW)
    with pytest.raises(RateLimited):
        create_club(founder=alice, name="Dois", at=NOW)
    assert Club.objects.count() == 1


def test_only_managers_change_the_texts(club, alice, bob):
    changed = update_club(
        club_pk=club.pk,
        actor=alice,
        at=NOW,
        name="Novo",
        filtered_words="golpe\n\ngolpe\nlucro certo",
    )

    assert (changed.name, changed.filtered_words) == ("Novo", "golpe\nlucro certo")
    with pytest.raises(Forbidden):
        update_club(club_pk=club.pk, actor=bob, at=NOW, name="Meu")


def test_filtered_words_are_refused_in_the_club_only(club):
    club.filtered_words = "lucro certo"

    check_club_text(club, "lucro, mas não certo")
    check_club_text(None, "lucro certo")
    with pytest.raises(Invalid, match="lucro certo"):
        check_club_text(club, "bom", "LUCRO\ncerto!")


def test_a_deleted_club_exists_for_nobody_until_an_owner_restores_it(club, alice, bob):
    with pytest.raises(Forbidden):
        delete_club(club_pk=club.pk, actor=bob, at=NOW)
    delete_club(club_pk=club.pk, actor=alice, at=NOW)

    assert not Club.objects.visible_to(alice).exists()
    assert (deleted_clubs_of(alice, at=NOW), deleted_clubs_of(bob, at=NOW)) == ([club], [])
    with pytest.raises(ClubGone):
        update_club(club_pk=club.pk, actor=alice, at=NOW, name="Novo")
    with pytest.raises(ClubGone):
        restore_club(club_pk=club.pk, actor=bob, at=NOW)
    restore_club(club_pk=club.pk, actor=alice, at=NOW)
    assert [*Club.objects.visible_to(bob)] == [club]


def test_deleted_clubs_are_removed_after_30_days(club, alice):
    delete_club(club_pk=club.pk, actor=alice, at=NOW)

    assert remove_deleted_clubs(at=NOW + timedelta(days=29)) == 0
    assert remove_deleted_clubs(at=NOW + timedelta(days=30)) == 1
    assert not ClubMember.objects.exists()
    with pytest.raises(ClubGone):
        restore_club(club_pk=club.pk, actor=alice, at=NOW)


def test_the_removal_is_scheduled_once(db):
    ensure_sweep()
    ensure_sweep()
    assert PeriodicTask.objects.filter(task="remove_deleted_clubs").count() == 1


def test_forms_offer_the_chosen_or_the_only_club(club, alice, bob):
    assert chosen_club(alice) == club
    other = make_club(alice)
    assert chosen_club(alice) is None
    choose_club(user=alice, club_pk=club.pk)
    choose_club(user=alice, club_pk=other.pk)
    assert (chosen_club(alice), chosen_club(bob)) == (other, club)
    choose_club(user=alice, club_pk=None)
    assert chosen_club(alice) is None
    with pytest.raises(ClubGone):
        choose_club(user=bob, club_pk=other.pk)
