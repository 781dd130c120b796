"""The site's search box in a real browser, with suggestions that the tests answer."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, expect

from mainapp.core.search import Result, Section, SectionResults
from tests.e2e.test_modules import base_page, open_html  # noqa: F401 - fixtures

STOCKS = {"it": ("ITSA4", "ITUB4"), "itub": ("ITUB4",)}
ROOM = Result(title="Itaú <b>e</b> amigos", subtitle="Bancos", url="/room/1/")


def section(name: str, title: str) -> Section:
    return Section(name=name, title=title, order=1, icon="messages", find=lambda text, **_: [])


def suggestions(text: str) -> str:
    stocks = [
        Result(title=symbol, symbol=symbol, url=f"/ativo/{symbol}/")
        for symbol in STOCKS.get(text, ())
    ]
    rooms = [ROOM] if text == "it" else []
    found = [("stocks", "Ativos", stocks), ("rooms", "Salas", rooms)]
    groups = [
        SectionResults(section(name, title), rows, (), "") for name, title, rows in found if rows
    ]
    return render_to_string("mainapp/pages/_search_options.html", {"text": text, "groups": groups})


def answer(route: Route, text: str) -> None:
    route.fulfill(content_type="text/html", body=suggestions(text))


@pytest.fixture
def page(open_html, base_page) -> Page:  # noqa: F811 - the fixtures
    page: Page = open_html(base_page, answer)
    return page


def type_text(page: Page, text: str, count: int) -> None:
    page.locator("#site-search").fill(text)
    expect(page.get_by_role("option")).to_have_count(count)


def state(page: Page) -> dict[str, Any]:
    box = page.locator("#site-search")
    active = box.get_attribute("aria-activedescendant")
    return {
        "open": box.get_attribute("aria-expanded") == "true",
        "active": active and page.locator(f"#{active}").get_attribute("data-url"),
    }


def choose(page: Page, text: str, name: str) -> None:
    page.locator("#site-search").fill(text)
    page.get_by_role("option", name=name).click()
    page.wait_for_url(lambda url: not url.endswith(".test/"))
    page.go_back()


def recent(page: Page) -> list[str]:
    page.locator("#site-search").focus()
    expect(page.locator("#site-search-list")).to_be_visible()
    return page.locator("[role=option][data-url] strong").all_inner_texts()


def test_arrow_keys_lead_through_all_groups(page):
    type_text(page, "it", 4)
    box = page.locator("#site-search")
    groups = page.locator(".search [role=group]")
    assert groups.evaluate_all("(all) => all.map(({ ariaLabel }) => ariaLabel)") == [
        "Ativos",
        "Salas",
    ]
    assert state(page) == {"open": True, "active": None}

    for url in ("/ativo/ITSA4/", "/ativo/ITUB4/", "/room/1/", "/buscar/?q=it", "/ativo/ITSA4/"):
        box.press("ArrowDown")
        assert state(page) == {"open": True, "active": url}
    box.press("ArrowUp")
    assert state(page)["active"] == "/buscar/?q=it"

    box.press("Escape")
    assert state(page) == {"open": False, "active": None}
    assert box.input_value() == "it"

    box.press("ArrowDown")
    expect(page.locator("#site-search-list")).to_be_visible()
    for _ in range(3):
        box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/room/1/")


def test_number_of_results_is_announced(page):
    type_text(page, "it", 4)
    expect(page.locator(".search [role=status]")).to_have_text("3 resultados")

    type_text(page, "zzz", 0)

    expect(page.locator("#site-search-list")).to_contain_text("Nada encontrado para “zzz”.")


def test_search_works_with_touch(page):
    type_text(page, "itub", 2)

    page.get_by_role("option", name="ITUB4").click()

    page.wait_for_url("**/ativo/ITUB4/")


def test_slash_focuses_the_search(page):
    page.keyboard.press("/")

    expect(page.locator("#site-search")).to_be_focused()
    expect(page.locator("#site-search")).to_have_value("")


def test_late_response_is_dropped(open_html, base_page):  # noqa: F811 - the fixtures
    late_routes: list[Route] = []

    def answer_late(route: Route, text: str) -> None:
        late_routes.append(route) if text == "it" else answer(route, text)

    page = open_html(base_page, answer_late)
    with page.expect_request("**/buscar/?q=it"):
        page.locator("#site-search").fill("it")
    type_text(page, "itub", 2)

    assert len(late_routes) == 1


def test_search_never_chooses_from_an_older_response(open_html, base_page):  # noqa: F811 - the fixtures
    page = open_html(base_page, lambda route, text: text == "it" and answer(route, text))
    type_text(page, "it", 4)

    page.locator("#site-search").press_sequentially("ub4")
    page.locator("#site-search").press("Enter")

    page.wait_for_url("**/buscar/?q=itub4")


def test_search_sends_one_request_per_word(open_html, base_page):  # noqa: F811 - the fixtures
    requested: list[str] = []

    def count(route: Route, text: str) -> None:
        requested.append(text)
        answer(route, text)

    page = open_html(base_page, count)
    page.locator("#site-search").evaluate(
        """(box) => {
            for (const text of ["i", "it", "itu", "itub"]) {
                box.value = text;
                box.dispatchEvent(new Event("input", { bubbles: true }));
            }
        }"""
    )
    expect(page.get_by_role("option")).to_have_count(2)

    assert requested == ["itub"]


def test_failure_is_shown(open_html, base_page):  # noqa: F811 - the fixtures
    page = open_html(base_page, lambda route, _: route.fulfill(status=503))

    page.locator("#site-search").fill("it")

    expect(page.locator("#site-search-list")).to_have_text("A busca não respondeu. Tente de novo.")


def test_chosen_results_are_offered_again_the_newest_first(page):
    page.locator("#site-search").focus()
    expect(page.locator("#site-search-list")).to_be_hidden()
    page.locator("#site-search").blur()

    choose(page, "itub", "ITUB4")
    choose(page, "it", "Itaú")
    choose(page, "it", "ITUB4")

    assert recent(page) == ["ITUB4", "Itaú <b>e</b> amigos"]
    expect(page.locator(".search [role=status]")).to_have_text("2 buscas recentes")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/room/1/")


def test_recent_results_can_be_forgotten(page):
    for name in ("ITUB4", "ITSA4", "Itaú"):
        choose(page, "it", name)
    assert len(recent(page)) == 3

    page.locator("[data-action=forget]").first.click()
    expect(page.locator("[role=option][data-url]")).to_have_count(2)
    expect(page.locator("#site-search")).to_be_focused()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")
    expect(page.locator("[role=option][data-url] strong")).to_have_text(["ITUB4"])

    page.get_by_role("option", name="Esquecer as buscas recentes").click()
    expect(page.locator("#site-search-list")).to_be_hidden()
    page.reload()
    page.locator("#site-search").focus()
    expect(page.locator("#site-search-list")).to_be_hidden()


def store_recent(page: Page, member: int, url: str) -> None:
    page.evaluate(
        "([key, url]) => localStorage.setItem(key, JSON.stringify([{ title: 'x', url }]))",
        [f"search.recent.{member}", url],
    )


def test_recent_results_belong_to_an_account(open_html, base_page):  # noqa: F811 - the fixtures
    page = open_html(base_page.replace("<body", '<body data-member="7"'), answer)
    store_recent(page, 0, "/room/1/")

    page.locator("#site-search").focus()
    expect(page.locator("#site-search-list")).to_be_hidden()
    page.locator("#site-search").blur()
    store_recent(page, 7, "/room/1/")

    assert recent(page) == ["x"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//example.com/", "https://example.com/"])
def test_stored_addresses_of_other_sites_are_dropped(page, url):
    store_recent(page, 0, url)

    page.locator("#site-search").focus()

    expect(page.locator("#site-search-list")).to_be_hidden()
