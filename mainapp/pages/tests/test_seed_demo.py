from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from mainapp.accounts.models import User
from mainapp.agenda.models import Event, Order
from mainapp.alerts.models import Alert
from mainapp.clubs.models import Club
from mainapp.forum.models import Message, Room
from mainapp.ideas.models import Idea
from mainapp.market.tests.factories import StockFactory
from mainapp.pages.management.commands.seed_demo import PASSWORD
from mainapp.portfolio.models import Carteira


@pytest.fixture
def _catalogue(db):
    for symbol in ("PETR4", "VALE3", "ITUB4", "WEGE3", "BBAS3", "PRIO3", "BBDC4"):
        StockFactory(symbol=symbol)


def seed(**options):
    out = StringIO()
    call_command("seed_demo", stdout=out, no_pictures=True, **options)
    return out.getvalue()


def counts():
    return [model.objects.count() for model in (User, Room, Message, Carteira, Alert)]


@pytest.mark.usefixtures("_catalogue")
def test_seed_demo_creates_users_rooms_alerts_and_a_carteira(settings, client):
    settings.DEBUG = True

    assert "ana, beto, clara" in seed()

    assert counts() == [5, 8, 57, 14, 9]  # three alerts of each kind of quotes
    assert client.login(username="ana", password=PASSWORD)
    assert client.get("/carteira").status_code == 200
    club = Club.objects.get()
    roles = sorted(club.members.values_list("role", flat=True))
    assert roles == ["manager", "member", "member", "member", "owner"]
    assert client.get(club.get_absolute_url()).status_code == 200
    assert set(Idea.objects.values_list("status", flat=True)) >= {"open", "target", "stopped"}
    assert Idea.objects.filter(club=club, quote_kind="simulated").count() == 2
    assert Event.objects.filter(club=club).count() == 2
    assert set(Order.objects.values_list("state", flat=True)) == {"confirmed", "waiting"}


@pytest.mark.usefixtures("_catalogue")
def test_second_seed_demo_changes_nothing(settings):
    settings.DEBUG = True
    seed()
    before = counts()

    assert "nothing was changed" in (output := seed())
    assert f"Log in at {settings.SITE_URL}/login" in output
    assert counts() == before


@pytest.mark.django_db
def test_seed_demo_is_refused_without_debug():
    with pytest.raises(CommandError, match="DEBUG=1"):
        seed()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_seed_demo_of_a_site_without_a_catalogue_explains_what_to_do(settings):
    settings.DEBUG = True

    with pytest.raises(CommandError, match="Run `make demo`"):
        seed()


@pytest.mark.usefixtures("_catalogue")
def test_seed_demo_can_refuse_a_site_with_other_users(settings, alice):
    settings.DEBUG = True

    with pytest.raises(CommandError, match="has users already"):
        seed(only_new_site=True)
    assert User.objects.count() == 1
