"""The browser's modules in a real browser, on pages made up by the tests, without a server."""

import itertools
import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route

ORIGIN = "http://pregao.test"
CASES = json.loads(
    (Path(__file__).parents[2] / "mainapp/core/tests/formats.json").read_text(encoding="utf-8")
)
# The module's equivalents of the templates' filters.
CALLS = {
    "brl": "m.brl(v)",
    "brl_change": "m.brl(v, {signed: true})",
    "price": "m.price(v)",
    "brl_price": "m.brlPrice(v)",
    "price_direction": "m.priceDirection(v)",
    "pct": "m.pct(v)",
    "compact": "m.compact(v)",
    "direction": "m.direction(v)",
    "day": "time.day(v)",
    "full_day": "time.day(v, {withYear: true})",
}


@pytest.fixture
def open_html(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page of `html` with the project's static files."""
    pages = []

    def open_(html: str, answers: Callable[[Route, str], None] | None = None) -> Page:
        def answer(route: Route) -> None:
            url = urlsplit(route.request.url)
            if url.path.startswith("/static/"):
                path = finders.find(url.path.removeprefix("/static/"))
                route.fulfill(path=path) if path else route.fulfill(status=404)
            elif "hx-request" in route.request.headers and answers:
                answers(route, parse_qs(url.query)["q"][0])
            elif url.path == "/jsi18n/":
                route.fulfill(content_type="text/javascript", body=WORDS)
            else:
                route.fulfill(content_type="text/html", body=html)

        page = browser.new_page()
        page.route("**/*", answer)
        page.goto(ORIGIN)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()


WORDS = """
globalThis.gettext = (text) => text;
globalThis.ngettext = (one, many, n) => (n === 1 ? one : many);
globalThis.interpolate = (text, values) => text.replace("%s", values[0]);
"""


@pytest.mark.parametrize(("language", "column"), [("pt-BR", 1), ("en", 2)])
def test_browser_and_server_format_numbers_the_same_way(open_html, language, column):
    page = open_html(f'<!doctype html><html lang="{language}"><title>.</title></html>')

    for name, cases in CASES.items():
        formatted = page.evaluate(
            f"""async (values) => {{
                const m = await import("/static/mainapp/js/core/number.js");
                const time = await import("/static/mainapp/js/core/time.js");
                return values.map((v) => {CALLS[name]});
            }}""",
            [case[0] for case in cases],
        )
        assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in formatted] == [
            case[column] for case in cases
        ]


@pytest.fixture
def base_page() -> str:
    """Return the base template, rendered without a request."""
    return render_to_string("base.html", {"simulated": True, "quote_sources": ["simulated"]})


def test_theme_follows_the_system_until_one_is_chosen(open_html, base_page):
    page = open_html(base_page)
    theme = "document.documentElement.dataset.theme"
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"{theme} === '{scheme}'")

    page.evaluate("pregaoTheme.choose('dark')")
    page.reload()

    assert page.evaluate(theme) == "dark"
    page.evaluate("pregaoTheme.choose('system')")
    assert page.evaluate(theme) == "light"


def test_studies_equal_their_definitions(open_html):
    closes = [10 + (n * 7 % 11) / 3 - n / 40 for n in range(60)]
    page = open_html('<!doctype html><html lang="en"><title>.</title></html>')
    studies = page.evaluate(
        """async (closes) => {
            const m = await import("/static/mainapp/js/market/indicators.js");
            const bands = m.bollinger(closes);
            const change = m.percentChange(11, 10);
            return [m.sma(closes, 9), m.rsi(closes), bands.upper, bands.lower, [change]]
                .map((values) => values.at(-1));
        }""",
        closes,
    )

    mean, width = statistics.mean(closes[-20:]), 2 * statistics.pstdev(closes[-20:])
    expected = [statistics.mean(closes[-9:]), wilder(closes), mean + width, mean - width, 10]
    assert studies == pytest.approx(expected)


def wilder(closes: list[float], period: int = 14) -> float:
    changes = [after - before for before, after in itertools.pairwise(closes)]
    gain = sum(max(change, 0) for change in changes[:period]) / period
    loss = sum(max(-change, 0) for change in changes[:period]) / period
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, 0)) / period
        loss = (loss * (period - 1) + max(-change, 0)) / period
    return 100 - 100 / (1 + gain / loss)


@pytest.mark.parametrize("kept", ["dark", "light", "<b>", "", None])
def test_unknown_stored_theme_is_ignored(open_html, kept):
    page = open_html('<!doctype html><html lang="en"><title>.</title></html>')
    page.evaluate("(kept) => kept === null || localStorage.setItem('theme', kept)", kept)
    page.emulate_media(color_scheme="dark")
    page.add_script_tag(url="/static/mainapp/js/core/theme.js")
    theme = page.locator("html").get_attribute("data-theme")
    assert theme == (kept if kept == "light" else "dark")

    page.evaluate("localStorage.clear(); window.dispatchEvent(new StorageEvent('storage'))")
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")


def test_chosen_theme_lasts_for_the_page_without_storage(open_html):
    page = open_html('<!doctype html><html lang="en"><title>.</title></html>')
    page.emulate_media(color_scheme="light")
    page.evaluate("void (Storage.prototype.setItem = () => { throw new Error('full'); })")
    page.add_script_tag(url="/static/mainapp/js/core/theme.js")
    page.evaluate("pregaoTheme.choose('dark')")

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("pregaoTheme.choice()") == "dark"
