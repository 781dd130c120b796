"""The states in which `make audit` inspects the main pages."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, TimeoutError

from tests.e2e.people import add_cookie, post_form, take_cookie
from tests.e2e.site_pages import Readers, SitePage

MAIN_PAGES = ("home", "stocktracker", "paper", "carteira", "alerts", "room")
REACHED_MS = 20_000
ARE_STALE = "() => document.documentElement.dataset.prices === 'stale'"


@dataclass(frozen=True)
class State:
    """`prepare` is called with the profile's page, `reach` with each opened page."""

    reach: Callable[[Page], bool] | None = None
    prepare: Callable[[Page], None] | None = None
    is_worker_paused: bool = False
    is_empty: bool = False


def main_pages(readers: Readers) -> list[SitePage]:
    """Return the main pages of an owner with data of every kind."""
    pages = {page.name: page for page in readers.pages_of("owner")}
    return [pages[name] for name in MAIN_PAGES]


def empty_pages(page: Page) -> list[SitePage]:
    """Return the main pages of a new user with an empty room; `page` is logged in as that user."""
    add_cookie(page, take_cookie()[1])
    page.goto("/forum/")
    room = post_form(page, "/create-room/", name="Sala vazia").headers["location"]
    paths = {"home": "/", "stocktracker": "/stocktracker", "paper": "/ativo/PETR4/"}
    paths |= {"carteira": "/carteira", "alerts": "/alerts/", "room": room}
    return [SitePage(name, paths[name]) for name in MAIN_PAGES]


def become_stale(page: Page) -> bool:
    """Wait until prices are marked as old, as they are when no batch comes."""
    try:
        page.wait_for_function(ARE_STALE, timeout=REACHED_MS)
    except TimeoutError:
        return False
    return True


def go_offline(page: Page) -> bool:
    page.context.set_offline(True)
    return become_stale(page)


def stay_loading(_page: Page) -> bool:
    """Return at once: `withhold` keeps the page as it was rendered."""
    return True


def withhold(page: Page) -> None:
    """Open silent sockets, and leave the requests of scripts unanswered."""
    page.route_web_socket("**/ws/**", lambda _socket: None)
    page.route(
        lambda url: urlsplit(url).path in ("/graph/candles", "/notifications/latest/"),
        lambda _route: None,
    )


STATES = {
    "full": State(),
    "empty": State(is_empty=True),
    "stale": State(become_stale, is_worker_paused=True),
    "offline": State(go_offline),
    "loading": State(stay_loading, withhold),
}
