"""Tests of the market's admin pages."""

from decimal import Decimal

import pytest
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.market import admin as market_admin
from mainapp.market.models import Stock
from mainapp.market.selectors.catalogue import catalogue, search_stocks
from mainapp.market.tests.factories import (
    CorporateEventFactory,
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
    ("model", "text"),
    [
        ("stock", "itau"),
        ("indexlist", "ITUB4"),
        ("corporateevent", "ITUB4"),
        ("rejectedquotes", "yahoo"),
    ],
)
def test_changelist_is_searchable(admin, model, text):
    stock = StockFactory(symbol="ITUB4", name="Itaú Unibanco")
    MembershipFactory(stock=stock)
    CorporateEventFactory(stock=stock)
    RejectedQuotesFactory(source="yahoo")
    url = reverse(f"admin:market_{model}_changelist")

    assert admin.get(url, {"q": text}).context["cl"].result_count == 1
    assert admin.get(url, {"q": "xyzzy"}).context["cl"].result_count == 0


def test_admin_shows_a_notice_for_the_simulated_market_only(admin, settings):
    pages = [reverse("admin:index"), reverse("admin:market_stock_changelist")]
    for page in pages:
        assert "Mercado simulado" in admin.get(page).content.decode()

    settings.QUOTE_KIND = "real"
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
            "price_places": 2,
            "is_active": "on",
        },
    )

    assert response.status_code == 302
    assert [result.symbol for result in search_stocks("unico")] == ["ITUB4"]
    assert catalogue().names["ITUB4"] == "Itaú Único"


def stock_form(**fields):
    return {
        "name": "Itaú",
        "kind": "PN",
        "lot": 100,
        "price_places": 2,
        "is_active": "on",
        "is_end_sure": "on",
    } | fields


def test_correction_of_a_stock_is_noted_and_shown(admin):
    stock = StockFactory(symbol="ITUB4", name="Itaú")
    page = reverse("admin:market_stock_change", args=[stock.pk])

    admin.post(page, stock_form(sector="Bancos"))

    stock.refresh_from_db()
    assert stock.corrected_fields == ["sector"]
    assert "sector" in admin.get(page).content.decode()


def test_former_codes_follow_a_corrected_successor(admin):
    first = StockFactory(symbol="VVAR3", is_active=False, renamed_to=StockFactory(symbol="VIIA3"))
    last = StockFactory(symbol="BHIA3")
    page = reverse("admin:market_stock_change", args=[first.renamed_to_id])

    admin.post(page, stock_form(name="Via", kind="ON", renamed_to=last.pk))

    first.refresh_from_db()
    assert first.renamed_to == last


def test_corrected_list_and_event_are_noted(admin):
    member = MembershipFactory()
    event = CorporateEventFactory(key="x")
    fields = {"market": "IBOV", "as_of": "05/01/2026", "strength": "official"}
    prefix = "memberships"
    counts = {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 1}
    row = {f"{prefix}-0-id": member.pk, f"{prefix}-0-stock": member.stock_id}
    ids = {f"{prefix}-0-index_list": member.index_list_id, f"{prefix}-0-weight_pct": "1.5"}

    admin.post(
        reverse("admin:market_indexlist_change", args=[member.index_list_id]),
        fields | counts | row | ids,
    )
    admin.post(
        reverse("admin:market_corporateevent_change", args=[event.pk]),
        {"stock": event.stock_id, "kind": "rename", "ratio": "0.5", "status": "happened"}
        | {"strength": "several", "source": "fábrica", "is_ratio_sure": "on", "is_date_sure": "on"},
    )

    member.refresh_from_db()
    event.refresh_from_db()
    assert (member.index_list.is_corrected, member.weight_pct) == (True, Decimal("1.5"))
    assert (event.is_corrected, event.ratio) == (True, Decimal("0.5"))


def test_dropping_corrections_restores_the_data(admin, settings, monkeypatch):
    loaded = []
    monkeypatch.setattr(market_admin.catalogue, "load_data", loaded.append)
    stock = StockFactory(symbol="ITUB4", corrected_fields=["name"])

    admin.post(
        reverse("admin:market_stock_changelist"),
        {"action": "drop_corrections", "_selected_action": [stock.pk]},
    )

    stock.refresh_from_db()
    assert stock.corrected_fields == []
    assert loaded == [settings.BASE_DIR / "data"]


def test_event_of_the_data_cannot_be_deleted(admin):
    event = CorporateEventFactory(key="x")
    own = CorporateEventFactory()
    pages = [reverse("admin:market_corporateevent_delete", args=[row.pk]) for row in (event, own)]

    assert [admin.get(page).status_code for page in pages] == [403, 200]


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
