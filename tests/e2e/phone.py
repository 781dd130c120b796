"""A phone's screen, and the widths of pages on it."""

from typing import Any

from playwright.sync_api import Page, expect

WIDTH = 360
PHONE: dict[str, Any] = {
    "viewport": {"width": WIDTH, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}


def content_widths(page: Page) -> set[int]:
    """Return the widths of the page's content in light and dark colours.

    More than WIDTH means that the page scrolls sideways.
    """
    widths = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        widths.add(page.evaluate("document.documentElement.scrollWidth"))
    return widths
