"""Loading of every page's modules and styles, without errors in the console."""

import re

import pytest

from tests.e2e.conftest import BLANK
from tests.e2e.test_forum import create_room, log_in

WIDE = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True}
PUBLIC = ["/", "/stockpicker/IBOV", "/stockpicker/ALL", "/stocktracker?stockpicker=PETR4"]
PUBLIC += ["/graph?ticker=PETR4", "/forum/", "/sources/", "/privacy/", "/login/", "/register/"]
PUBLIC += ["/api/docs/"]
PRIVATE = ["/alerts/", "/create-alert/?ticker=PETR4", "/watchlists/", "/carteira"]
PRIVATE += ["/create-carteira/?stock=PETR4", "/notifications/", "/notifications/channels/"]


@pytest.mark.parametrize("options", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_page_loads_its_modules(open_page, options):
    page = open_page(BLANK, **options)
    missing: list[str] = []
    page.on(
        "response",
        lambda answer: (
            answer.status >= 400 and "/static/" in answer.url and missing.append(answer.url)
        ),
    )
    ready: dict[str, int] = {}

    def visit(paths: list[str]) -> None:
        for path in paths:
            page.goto(path)
            page.wait_for_load_state("load")
            ready[path] = page.evaluate("document.documentElement.scrollWidth")

    visit(PUBLIC)
    log_in(page)
    visit([create_room(page, stock="PETR4"), *PRIVATE])
    page.locator("[data-account] summary").click()
    with page.expect_response(re.compile("/static/mainapp/js/pages/profile")):
        page.get_by_role("link", name="Seu perfil").click()

    assert missing == []
    assert {path for path, width in ready.items() if width > options["viewport"]["width"]} == set()
