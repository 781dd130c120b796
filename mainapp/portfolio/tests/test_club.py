from decimal import Decimal

import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import ClubMember
from mainapp.clubs.services.members import share_portfolio
from mainapp.clubs.tests.factories import make_club
from mainapp.market.models import LastQuote
from mainapp.market.tests.factories import StockFactory
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors.club import club_portfolio

# Amounts of the carteiras, which no member may learn: preços médios, quantidades and quotes.
SECRETS = ("27.31", "27,31", "17.77", "17,77", "3313", "3.313", "2219", "2.219", "41.07", "41,07")


@pytest.fixture
def people(db):
    return [User.objects.create_user(name) for name in ("ana", "beto", "clara", "davi")]


@pytest.fixture
def stocks(db, settings):
    prices = {"PETR4": "41.07", "VALE3": "82.14"}
    stocks = [StockFactory(symbol=symbol) for symbol in prices]
    for stock in stocks:
        LastQuote.objects.create(
            stock=stock,
            price=Decimal(prices[stock.symbol]),
            source="teste",
            quoted_at=timezone.now(),
            kind=settings.QUOTE_KIND,
        )
    return stocks


@pytest.fixture
def club(people):
    ana, *others = people
    return make_club(ana, *others)


def hold(user, stock, quantity):
    Carteira.objects.create(
        owner=user, ativo=stock, quantidade=quantity, preco_medio=Decimal("27.31"), nota=5
    )


def consent(club, *users):
    ClubMember.objects.filter(club=club, user__in=users).update(shares_portfolio=True)


@pytest.fixture
def three(club, people, stocks):
    """Three members show 100 % PETR4, 50 % of each, and 100 % VALE3; one shows nothing."""
    (ana, beto, clara, davi), (petr4, vale3) = people, stocks
    hold(ana, petr4, 3313)
    hold(beto, petr4, 4438)
    hold(beto, vale3, 2219)
    hold(clara, vale3, 17)
    hold(davi, petr4, 99)
    consent(club, ana, beto, clara)
    return ana, beto, clara


def percents(shares):
    return {share.symbol: str(share.pct) for share in shares}


def test_mean_counts_every_carteira_alike(club, three):
    portfolio = club_portfolio(club.pk)
    assert percents(portfolio.mean) == {"PETR4": "50.00", "VALE3": "50.00"}
    assert {each.user.username: percents(each.shares) for each in portfolio.members} == {
        "ana": {"PETR4": "100.00"},
        "beto": {"PETR4": "50.00", "VALE3": "50.00"},
        "clara": {"VALE3": "100.00"},
    }


def test_bars_of_all_carteiras_share_one_scale(club, three):
    portfolio = club_portfolio(club.pk)
    bars = {each.user.username: each.shares[0].bar.actual for each in portfolio.members}
    assert (bars, portfolio.mean[0].bar.actual) == ({"ana": 1000, "beto": 500, "clara": 1000}, 500)


def test_mean_needs_three_carteiras_with_a_value(club, three, people):
    ana = three[0]
    Carteira.objects.filter(owner=ana).delete()
    portfolio = club_portfolio(club.pk)
    assert (portfolio.mean, portfolio.missing) == (None, 1)
    assert [each.user.username for each in portfolio.members] == ["beto", "clara"]


@pytest.mark.parametrize("way", ["withdrawn", "left", "deactivated", "archived"])
def test_carteira_is_gone_at_once(club, three, way):
    ana = three[0]
    if way == "withdrawn":
        share_portfolio(club_pk=club.pk, user=ana, is_on=False)
    elif way == "left":
        ClubMember.objects.filter(club=club, user=ana).delete()
    elif way == "deactivated":
        User.objects.filter(pk=ana.pk).update(is_active=False)
    else:
        club.archived_at = timezone.now()
        club.save(update_fields=["archived_at"])
    portfolio = club_portfolio(club.pk)
    assert portfolio.mean is None
    assert "ana" not in [each.user.username for each in portfolio.members]


def test_consent_in_one_club_shows_nothing_in_another(club, three, people):
    other = make_club(people[3], *people[:3])
    assert club_portfolio(other.pk).members == []


@pytest.mark.parametrize(
    "path", ["/clube/{}/carteira/", "/clube/{}/", "/api/v1/clubs/{}/carteira/"]
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_no_page_or_operation_has_an_amount(club, three, people, client, path, headers):
    client.force_login(people[3])
    response = client.get(path.format(club.slug), headers=headers)
    text = response.content.decode()
    assert response.status_code == 200
    assert "PETR4" in text
    assert not [secret for secret in SECRETS if secret in text]


def test_operation_gives_percents_alone(club, three, people, client):
    client.force_login(people[3])
    data = client.get(f"/api/v1/clubs/{club.slug}/carteira/").json()
    assert data["mean"] == [
        {"symbol": "PETR4", "pct": "50.00"},
        {"symbol": "VALE3", "pct": "50.00"},
    ]
    assert set(data["members"][0]) == {"user", "shares"}
    assert data["missing"] == 0


@pytest.mark.parametrize("path", ["/clube/{}/carteira/", "/api/v1/clubs/{}/carteira/"])
def test_strangers_get_what_a_club_that_never_was_gives(club, three, client, path, admin_user):
    client.force_login(admin_user)
    foreign, missing = (client.get(path.format(slug)) for slug in (club.slug, "nunca"))
    assert (foreign.status_code, foreign.content.replace(club.slug.encode(), b"nunca")) == (
        missing.status_code,
        missing.content,
    )


@pytest.mark.parametrize("count", [3, 30])
def test_queries_do_not_grow(club, stocks, count, django_assert_num_queries):
    for n in range(count):
        user = User.objects.create_user(f"user{n}")
        ClubMember.objects.create(
            club=club, user=user, joined_at=timezone.now(), shares_portfolio=True
        )
        hold(user, stocks[n % 2], 10)
    with django_assert_num_queries(3):
        assert len(club_portfolio(club.pk).members) == count
