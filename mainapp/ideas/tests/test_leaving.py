"""The ideas of people who leave a club, and the notices about them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mainapp.clubs.services.clubs import delete_club
from mainapp.clubs.services.members import leave_club, remove_member
from mainapp.clubs.tests.factories import make_club
from mainapp.ideas.services.announcing import DECIDED, wanted_outcomes
from mainapp.ideas.tests.factories import make_idea, record, write_idea
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(alice, bob):
    StockFactory(symbol="PETR4", name="Petrobras PN")
    return make_club(alice, bob)


@pytest.fixture
def idea(club, bob):
    """An idea of the hour: the leaving happens now."""
    start = timezone.now()
    record("36.00", start=start)
    return write_idea(bob, club=club, at=start)


def leave(club, alice, bob):
    leave_club(club_pk=club.pk, user=bob)


def remove(club, alice, bob):
    remove_member(club_pk=club.pk, actor=alice, user_pk=bob.pk, at=timezone.now())


def delete(club, alice, bob):
    delete_club(club_pk=club.pk, actor=alice, at=timezone.now())


@pytest.mark.parametrize("act", [leave, remove, delete])
def test_ideas_of_a_former_member_end_at_the_next_price_without_a_notice(
    club, idea, alice, bob, act
):
    act(club, alice, bob)
    later = timezone.now() + timedelta(seconds=1)
    record("36.90", start=later)
    idea.refresh_from_db()
    assert (idea.status, f"{idea.return_pct}") == ("closed", "2.50")
    assert not Notification.objects.filter(user=bob).exists()
    assert write_idea(bob, at=later).status == "open"


def test_an_outcome_is_sent_to_no_former_member(club, idea, alice, bob):
    public = make_idea(bob, symbol="VALE3")
    record("40.00", start=timezone.now())
    record("40.00", start=timezone.now(), symbol="VALE3")
    notices = list(Notification.objects.filter(user=bob, kind=DECIDED).order_by("pk"))
    assert wanted_outcomes(notices) == {notice.pk for notice in notices}
    assert len(notices) == 2
    delete_club(club_pk=club.pk, actor=alice, at=timezone.now())
    assert [n.url for n in notices if n.pk in wanted_outcomes(notices)] == [
        public.get_absolute_url()
    ]
