"""The API's page in a real browser, under the site's own Content-Security-Policy."""

from playwright.sync_api import expect


def test_operations_are_listed_and_open(open_page):
    page = open_page("/api/docs/")
    operations = page.locator(".api-docs .opblock")
    expect(operations.first).to_be_visible(timeout=20_000)
    assert operations.count() > 30
    page.locator(".opblock-summary", has_text="/api/v1/quotes/").first.click()
    expect(page.locator(".opblock.is-open")).to_contain_text("symbols")


def test_operation_can_be_tried(open_page):
    page = open_page("/api/docs/")
    page.locator(".opblock-summary", has_text="/api/v1/sources/").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table")).to_contain_text("simulated")
