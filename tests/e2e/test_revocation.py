"""Open pages, and pages of the browser's history, after their log-in ended."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import ARGUMENTS, BLANK, BROWSERS, chromium_path
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


@pytest.fixture
def caching_page(browser, site):
    """A page of a browser with the back/forward cache, as in `test_connections`."""
    started = browser.browser_type.launch(
        executable_path=chromium_path(BROWSERS),
        args=ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield started.new_context(base_url=site.url, locale="pt-BR").new_page()
    started.close()


@pytest.mark.parametrize("path", ["/carteira", "/privacy/"])
def test_back_after_a_logout_shows_nothing(caching_page, path):
    page, name = caching_page, log_in_new_user(caching_page, path)
    expect(page.locator("[data-account]")).to_contain_text(name)
    page.goto("/logout/")
    page.click("main button[type=submit]")
    page.wait_for_url("/")

    page.evaluate("history.go(-2)")  # past the form of the log-out

    page.wait_for_url(lambda url: path in url)  # the page again, or the log-in for it
    expect(page.locator(".login-link, form.account-form").first).to_be_visible()
    expect(page.locator("[data-account]")).to_have_count(0)
    assert name not in page.content()


def test_back_shows_the_page_while_the_reader_is_logged_in(caching_page):
    page, name = caching_page, log_in_new_user(caching_page, "/privacy/")
    page.goto("/sources/")
    page.go_back(wait_until="commit")

    expect(page.locator("[data-account]")).to_be_visible()
    expect(page.locator("[data-account]")).to_contain_text(name)
