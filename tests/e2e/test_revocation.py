"""What an open page shows once its login has ended."""

from playwright.sync_api import expect

from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user

WATCHED = "/stocktracker?stockpicker=PETR4"


def test_other_tab_is_told_of_the_logout_and_goes_on(open_page):
    page = open_page(BLANK)
    log_in_new_user(page, "/")
    other = page.context.new_page()
    other.goto(WATCHED)
    feed, link = (other.locator(f'[data-part="{part}"]').first for part in ("feed", "login"))
    expect(feed).to_have_text("Ao vivo")
    expect(link).to_be_hidden()

    page.goto("/logout/")
    page.click("main button[type=submit]")

    expect(link).to_have_text("Sua sessão terminou: entre de novo", timeout=3000)
    expect(link).to_be_visible()
    expect(feed).to_have_text("Ao vivo")
    assert link.get_attribute("href") == "/login/?next=/stocktracker%3Fstockpicker%3DPETR4"
