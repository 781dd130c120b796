"""Crypto currencies in a real browser: long prices, in the tracker and on the paper's page."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.charts import legend, ready
from tests.e2e.phone import PHONE, WIDTH, content_widths

BITCOIN = re.compile(r"^\d{3}\.\d{3},\d\d$")
SHIBA = re.compile(r"^0,0000\d{4}$")
TRACKER = "/stocktracker?stockpicker=BTCBRL&stockpicker=SHIBBRL&stockpicker=PETR4"


def test_prices_have_the_places_of_their_pair_in_the_tracker(open_page):
    page = open_page(TRACKER)
    expect(page.locator("[data-market-status] .badge-feed")).to_have_text("Ao vivo")
    for symbol, form in (("BTCBRL", BITCOIN), ("SHIBBRL", SHIBA)):
        price = page.locator(f"tr[data-symbol={symbol}] [data-field=price]")
        before = price.inner_text()
        expect(price).not_to_have_text(before)  # the script writes it as the server did
        expect(price).to_have_text(form)
        expect(page.locator(f"tr[data-symbol={symbol}] [data-field=open]")).to_have_text(form)


@pytest.mark.parametrize(("symbol", "form"), [("BTCBRL", BITCOIN), ("SHIBBRL", SHIBA)])
def test_paper_page_shows_the_pair_with_its_places(open_page, symbol, form):
    page = open_page(f"/ativo/{symbol}/")
    ready(page)
    price = page.locator(".paper-now [data-field=price]")
    before = price.inner_text()
    expect(price).not_to_have_text(before)
    expect(price).to_have_text(form)
    expect(legend(page).locator("b").nth(3)).to_have_text(form)
    expect(page.locator("[data-field=previous_close]")).to_have_text(form)
    expect(page.get_by_text("Volume em moedas").first).to_be_visible()


@pytest.mark.parametrize(
    "path", [TRACKER, "/ativo/SHIBBRL/", "/ativo/BTCBRL/", "/stockpicker/CRIPTO"]
)
def test_long_prices_fit_a_phone(open_page, path):
    page = open_page(path, **PHONE)
    expect(page.locator("main")).to_contain_text("BRL")
    assert content_widths(page) == {WIDTH}
