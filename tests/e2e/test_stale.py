"""Old prices are marked on every open page, with all that is derived from them."""

import os
import re
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import BLANK
from tests.e2e.pausing import paused
from tests.e2e.people import log_in_new_user, post_form
from tests.instances import wait_for

HELD = {"quantidade": "100", "preco_medio": "20", "nota": "5"}
WIDE = {"viewport": {"width": 1280, "height": 500}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
FIGURES = {
    "/": "[data-price], [data-change-pct], [data-turnover], [data-low]",
    "/stocktracker?stockpicker=PETR4&stockpicker=VALE3": "[data-field=price], "
    "[data-field=change_pct]",
    "/graph?ticker=PETR4": "[data-field=price], [data-field=change], [data-field=high], "
    "[data-part=legend]",
    "/alerts/": "[data-field=price], [data-distance]",
    "/carteira": "[data-field=total], [data-field=result], [data-field=order], [data-sum=total], "
    "[data-sum=day_change], [data-slice-field=total]",
    "/room": ".msg [data-price], .msg [data-change-pct]",
}
# Those that depend on PETR4, and those that do not although they are prices.
LATE = {
    "/": "[data-symbol=PETR4] [data-price], [data-symbol=PETR4] [data-change-pct]",
    "/stocktracker?stockpicker=PETR4&stockpicker=VALE3": "[data-symbol=PETR4] [data-field=price], "
    "[data-symbol=PETR4] [data-field=change_pct]",
    "/graph?ticker=PETR4": FIGURES["/graph?ticker=PETR4"],
    "/alerts/": FIGURES["/alerts/"],
    "/carteira": "[data-symbol=PETR4] [data-field=price], [data-symbol=PETR4] [data-field=result], "
    "[data-symbol=VALE3] [data-field=order], [data-symbol=VALE3] [data-field=actual_pct], "
    "[data-sum=total], [data-sum=day_change], [data-slice-field=total]",
    "/room": FIGURES["/room"],
}
NOT_LATE = {
    "/": "[data-index] [data-price]",
    "/stocktracker?stockpicker=PETR4&stockpicker=VALE3": "[data-symbol=VALE3] [data-field=price]",
    "/carteira": "[data-symbol=VALE3] [data-field=price], [data-symbol=VALE3] [data-field=result], "
    "[data-sum=cost]",
}
# Waits for a batch that was running when beat was paused: it would replace the status.
PUT_LATE = """
from datetime import timedelta
from django.utils import timezone
from mainapp.market.board import FeedStatus
from mainapp.market.services.claims import batch_lease
from mainapp.market.services.updating import quote_board
is_held = False
while not is_held:
    with batch_lease() as is_held:
        if is_held:
            now = timezone.now()
            due_at = now + timedelta(seconds={due_in_s})
            quote_board().put([], FeedStatus(batch_at=now, next_due_at=due_at, late={late}))
"""
PUT_DOUBT = """
from dataclasses import replace
from decimal import Decimal
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services.updating import place_quotes
quote = last_quotes(["PETR4"])["PETR4"]
place_quotes([replace(quote, doubtful_price=Decimal("610.70"))], None)
"""
DOUBTFUL = FIGURES.keys() - {"/", "/room"}
# The ways in which visible figures are underlined.
MARKS = """(selector) => [...new Set([...document.querySelectorAll(selector)]
    .filter((element) => element.checkVisibility() && element.textContent.trim())
    .map((element) => getComputedStyle(element))
    .map((style) => `${style.textDecorationLine} ${style.textDecorationStyle}`))]"""
# Scrolls to the end and returns whether the badge can be seen there.
IS_BADGE_SEEN = """() => {
    window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    const badge = document.querySelector(".badge-feed");
    const { left, top, width, height } = badge.getBoundingClientRect();
    const seen = document.elementFromPoint(left + width / 2, top + height / 2);
    return badge.contains(seen) || seen?.contains(badge);
}"""


@pytest.fixture(params=[("wide", "dark"), ("phone", "light")], ids=lambda param: "-".join(param))
def pages(open_page, request):
    """Every page with live prices, in one profile; each by its path."""
    size, scheme = request.param
    first = open_page(BLANK, **(WIDE if size == "wide" else PHONE), color_scheme=scheme)
    log_in_new_user(first, "/")
    post_form(first, "/create-alert/", ativo="PETR4", compra="1", duracao="15", recurrence="once",
              rearm_pct="0.5", cooldown_minutes="0", hold_minutes="0")  # fmt: skip
    for symbol in ("PETR4", "VALE3"):
        post_form(first, "/create-carteira/", **HELD, ativo=symbol)
    room = post_form(first, "/create-room/", name="Sala").headers["location"]
    post_form(first, room, body="$PETR4")
    opened = {}
    for path in FIGURES:
        page = opened[path] = first.context.new_page()
        page.goto(room if path == "/room" else path)
    chip = opened["/room"].locator(".msg .chip [data-field=price]")
    expect(chip).not_to_be_empty(timeout=20_000)
    for page in opened.values():
        expect(page.locator(".badge-feed")).to_have_text("Ao vivo")
    return opened


def test_every_figure_is_marked_while_prices_are_old(pages, site):
    for path, page in pages.items():
        wait_for(partial(is_unmarked, page, path), 10, f"prices without a mark on {path}")
    with paused(site.child("pregao: worker")):
        for path, page in pages.items():
            badge = page.locator(".badge-feed")
            expect(badge).to_have_text(re.compile("^Desatualizado"))
            assert marks(page, path) == ["underline dashed"], path
            assert page.evaluate(IS_BADGE_SEEN), path
            shoot(page, path)
        expect(opened_graph(pages)).to_have_title(re.compile(r"^PETR4 [\d,]+ \(desatualizado\)"))
    for path, page in pages.items():
        expect(page.locator(".badge-feed")).to_have_text("Ao vivo")
        expect(page.locator("html")).to_have_attribute("data-prices", "live")
        # A symbol that the first batch after the pause did not reach is late until the next one.
        wait_for(partial(is_unmarked, page, path), 10, f"prices without a mark on {path}")
    expect(opened_graph(pages)).to_have_title(re.compile(r"^PETR4 [\d,]+ · Pregão$"))


def test_figures_that_depend_on_a_late_symbol_are_marked(pages, site, shell):
    with paused(site.child("pregao: beat")):
        shell(PUT_LATE.format(late=("PETR4",), due_in_s=50))
        for path, page in pages.items():
            # Tables write rows that come into view, some frames later.
            wait_for(partial(is_late, page, path), 10, f"late prices with a mark on {path}")
            expect(page.locator(".badge-feed")).to_have_text("Ao vivo")
            if path in NOT_LATE:
                assert marks(page, path, NOT_LATE) == ["none solid"], path
            shoot(page, f"{path}late")
        expect(opened_graph(pages)).to_have_title(re.compile(r"^PETR4 [\d,]+ \(desatualizado\)"))
        for path in LATE.keys() - {"/room"}:  # whose chips are empty without scripts
            html = pages["/"].request.get(path).text()
            assert re.search(r'data-symbol="PETR4"[^>]* data-late', html), path
        shell(PUT_LATE.format(late=(), due_in_s=5))  # soon, for the tests that follow
        for path, page in pages.items():
            expect(page.locator("[data-late]")).to_have_count(0)
            assert marks(page, path, LATE) == ["none solid"], path


def test_price_in_doubt_is_marked_until_the_next_batch(pages, site, shell):
    notes = {path: pages[path].locator("[data-doubt]") for path in DOUBTFUL}
    with paused(site.child("pregao: worker")):
        shell(PUT_DOUBT)
        for path, note in notes.items():
            shown = note.locator("visible=true")
            # Tables write rows that come into view.
            note.last.evaluate("(note) => note.closest('[data-symbol]').scrollIntoView()")
            expect(shown).to_have_text("preço em dúvida")
            expect(shown).to_have_attribute("title", re.compile("^A fonte informou 610,70"))
            shoot(pages[path], f"{path}doubt")
    for note in notes.values():
        expect(note.locator("visible=true")).to_have_count(0)


def opened_graph(pages):
    return pages["/graph?ticker=PETR4"]


def shoot(page, path):
    if folder := os.environ.get("SHOTS"):
        name = re.sub(r"\W+", "-", path)[:20] + str(page.viewport_size["width"])
        page.screenshot(path=f"{folder}/{name}-end.png")
        page.evaluate("window.scrollTo({ top: 0, behavior: 'instant' })")
        page.screenshot(path=f"{folder}/{name}.png")


def is_unmarked(page: Page, path: str) -> bool:
    return marks(page, path) == ["none solid"]


def is_late(page: Page, path: str) -> bool:
    return marks(page, path, LATE) == ["underline dashed"]


def marks(page: Page, path: str, figures: dict[str, str] = FIGURES) -> list[str]:
    found: list[str] = page.evaluate(MARKS, figures[path])
    return found
