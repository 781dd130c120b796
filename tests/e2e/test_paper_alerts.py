"""Alerts on the chart of a paper, dragged to change them."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.charts import ready
from tests.e2e.conftest import BLANK
from tests.e2e.people import log_in_new_user, post_form
from tests.e2e.phone import PHONE


def mark(page: Page) -> Locator:
    """Return the label of the reader's alert, a slider on the chart."""
    return page.locator(".chart-line[role=slider]")


def open_with_alert(open_page, compra: str = "0.02", **options: Any) -> Page:
    """Open PETR4 with an alert at the share `compra` of its price below it.

    A month is shown: after midnight the day's bars alone leave the limit out of the scale.
    """
    page = open_page(BLANK, **options)
    log_in_new_user(page, "/ativo/PETR4/?range=1mo")
    shown = page.locator("[data-field=price]").first
    expect(shown).to_have_text(re.compile(r"\d,\d\d$"))
    price = float(shown.inner_text().replace(",", "."))
    limit = f"{price * (1 - float(compra)):.2f}"
    terms = {"duracao": "15", "recurrence": "once", "rearm_pct": "0.5"}
    terms |= {"cooldown_minutes": "0", "hold_minutes": "0"}
    post_form(page, "/create-alert/", ativo="PETR4", compra=limit, **terms)
    page.reload()
    ready(page)
    expect(mark(page)).to_have_attribute("aria-valuenow", limit)
    return page


def saved_limit(page: Page) -> str:
    """Return the limit that the server has."""
    limit: str = page.request.get("/api/v1/alerts/").json()["results"][0]["compra"]
    return limit


def test_alert_is_dragged_with_the_mouse(open_page):
    page = open_with_alert(open_page)
    before = saved_limit(page)
    place = mark(page).bounding_box()
    assert place
    x, y = place["x"] + place["width"] + 300, place["y"] + place["height"] / 2  # on the line
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 12, steps=4)
    expect(mark(page)).to_contain_text(re.compile(r"Cair até \d+,\d\d"))
    page.mouse.up()
    expect(page.locator("[data-part=note]")).to_contain_text("Alerta salvo: cair até R$")
    after = saved_limit(page)
    assert float(after) < float(before)
    expect(mark(page)).to_have_attribute("aria-valuenow", after)
    expect(page.locator("[data-distance]")).to_have_attribute("data-limit", after)


def test_alert_is_moved_by_keys_and_saved_by_enter(open_page):
    page = open_with_alert(open_page)
    before = saved_limit(page)
    mark(page).focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    lower = f"{float(before) - 0.03:.2f}"
    expect(mark(page)).to_have_attribute("aria-valuenow", lower)
    page.keyboard.press("Escape")
    expect(mark(page)).to_have_attribute("aria-valuenow", before)
    assert saved_limit(page) == before
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=note]")).to_contain_text("Alerta salvo")
    assert saved_limit(page) == f"{float(before) - 0.01:.2f}"
    expect(mark(page)).to_be_focused()


def test_limit_out_of_the_chart_is_pinned_and_dragged_into_it(open_page):
    page = open_with_alert(open_page, compra="0.3")
    before = saved_limit(page)
    expect(mark(page)).to_have_text(re.compile(r"^↓ Cair até \d+,\d\d$"))
    chart, place = page.locator(".chart").bounding_box(), mark(page).bounding_box()
    assert chart
    assert place
    assert place["y"] > chart["y"] + chart["height"] / 2
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 120, steps=4)
    expect(mark(page)).to_have_text(re.compile(r"^Cair até \d+,\d\d$"))
    page.mouse.up()
    expect(page.locator("[data-part=note]")).to_contain_text("Alerta salvo: cair até R$")
    assert float(saved_limit(page)) > float(before)


def test_pinned_limit_is_moved_by_keys(open_page):
    page = open_with_alert(open_page, compra="0.3")
    before = saved_limit(page)
    mark(page).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=note]")).to_contain_text("Alerta salvo")
    assert saved_limit(page) == f"{float(before) + 0.01:.2f}"
    expect(mark(page)).to_have_text(re.compile(r"^↓ Cair até "))


def test_refused_change_of_an_alert_snaps_back_with_the_reason(open_page):
    page = open_with_alert(open_page)
    before = saved_limit(page)
    post_alert = {"venda": f"{float(before) + 0.02:.2f}"}
    number = page.request.get("/api/v1/alerts/").json()["results"][0]["id"]
    token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    page.request.patch(f"/api/v1/alerts/{number}/", data=post_alert, headers={"X-CSRFToken": token})
    page.reload()
    ready(page)
    lower = page.get_by_role("slider", name="Alerta: Cair até")
    expect(lower).to_have_attribute("aria-valuenow", before)
    lower.focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.route("**/api/v1/alerts/*/", without_status)
    page.evaluate(WITH_STATUS)
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=note]")).to_contain_text(
        "“Subir até” precisa ficar acima de “Cair até”."
    )
    expect(lower).to_have_attribute("aria-valuenow", before)
    assert saved_limit(page) == before


# A browser logs every refused request as an error: the server's refusal comes with its status in a
# header, from which the page's `fetch` restores it.
WITH_STATUS = """() => {
    const fetched = window.fetch;
    window.fetch = async (...request) => {
        const response = await fetched(...request);
        const status = Number(response.headers.get("x-status"));
        return status ? new Response(await response.text(), { status }) : response;
    };
}"""


def without_status(route: Route) -> None:
    response = route.fetch()
    assert response.status == 400
    headers = {"x-status": str(response.status)}
    route.fulfill(status=200, body=response.body(), headers=headers)


def test_alert_is_dragged_by_a_finger(open_page):
    page = open_with_alert(open_page, **PHONE)
    before = saved_limit(page)
    mark(page).scroll_into_view_if_needed()
    place = mark(page).bounding_box()
    assert place
    x, y = place["x"] + 10, place["y"] + place["height"] / 2
    finger = page.context.new_cdp_session(page)
    points = [{"x": x, "y": y}]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
    for step in (4, 8, 12):
        points = [{"x": x, "y": y + step}]
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("[data-part=note]")).to_contain_text("Alerta salvo: cair até R$")
    assert float(saved_limit(page)) < float(before)
