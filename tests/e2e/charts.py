"""The chart of a paper's page."""

from playwright.sync_api import Locator, Page, expect


def box(page: Page) -> Locator:
    return page.locator(".chart-box")


def legend(page: Page) -> Locator:
    return page.locator("[data-part=legend]")


def ready(page: Page) -> None:
    expect(box(page)).to_have_attribute("data-state", "ready")
