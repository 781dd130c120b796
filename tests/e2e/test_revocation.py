"""Open pages after their log-in ended."""

from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user

WATCHED = "/stocktracker?stockpicker=PETR4"


def test_logout_is_shown_in_another_tab_whose_prices_stay_live(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, "/")
    other = page.context.new_page()
    other.goto(WATCHED)
    feed = other.locator("[data-market-status] .badge-feed")
    link = other.get_by_role("link", name="Sua sessão terminou: entre de novo")
    expect(feed).to_have_text("Ao vivo")
    expect(link).to_have_count(0)

    page.goto("/logout/")
    page.click("main button[type=submit]")

    expect(link).to_have_count(1, timeout=3000)  # only in the price bar, not in the status line too
    expect(feed).to_have_text("Ao vivo")
    assert link.get_attribute("href") == "/login/?next=/stocktracker%3Fstockpicker%3DPETR4"
