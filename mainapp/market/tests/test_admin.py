"""Tests of the market's admin pages."""

import pytest
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.market.models import Stock
from mainapp.market.selectors.catalogue import catalogue, search_stocks
from mainapp.market.tests.factories import (
    MembershipFactory,
    RejectedQuotesFactory,
    StockFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize(
    ("model", "text"), [("stock", "itau"), ("membership", "ITUB4"), ("rejectedquotes", "yahoo")]
)
def test_changelist_is_searchable(admin, model, text):
    MembershipFactory(stock=StockFactory(symbol="ITUB4", name="Itaú Unibanco"))
    RejectedQuotesFactory(source="yahoo")
    url = reverse(f"admin:market_{model}_changelist")

    assert admin.get(url, {"q": text}).context["cl"].result_count == 1
    assert admin.get(url, {"q": "xyzzy"}).context["cl"].result_count == 0


def test_admin_shows_a_notice_for_the_simulated_market_only(admin, settings):
    pages = [reverse("admin:index"), reverse("admin:market_stock_changelist")]
    for page in pages:
        assert "MERCADO SIMULADO" in admin.get(page).content.decode()

    settings.SIMULATED = False
    assert "SIMULADO" not in admin.get(pages[0]).content.decode()


def test_renamed_stock_is_found_at_once(admin):
    stock = StockFactory(symbol="ITUB4", name="Itaú")
    catalogue()

    response = admin.post(
        reverse("admin:market_stock_change", args=[stock.pk]),
        {
            "symbol": "ITUB4",
            "name": "Itaú Único",
            "kind": "PN",
            "sector": "Bancos",
            "lot": 100,
            "is_active": "on",
            "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0,
        },
    )

    assert response.status_code == 302
    assert [result.symbol for result in search_stocks("unico")] == ["ITUB4"]
    assert catalogue().names["ITUB4"] == "Itaú Único"


def test_stock_cannot_be_deleted(admin):
    stock = StockFactory()

    response = admin.post(reverse("admin:market_stock_delete", args=[stock.pk]), {"post": "yes"})

    assert response.status_code == 403
    assert Stock.objects.filter(pk=stock.pk).exists()


def test_rejected_quotes_are_read_only(admin):
    row = RejectedQuotesFactory()

    assert admin.get(reverse("admin:market_rejectedquotes_add")).status_code == 403
    changed = admin.post(reverse("admin:market_rejectedquotes_change", args=[row.pk]), {"count": 0})
    assert changed.status_code == 403
